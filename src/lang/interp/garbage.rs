//! What nobody can reach any more, though it holds itself: a function that calls itself is in the variable
//! that it captures, an object is in its own attribute. Counting references alone would keep these for
//! ever, and a function that is called back makes new ones every batch.
//!
//! Objects that such a ring must go through are noted when they are made. From them the search walks over
//! all that they hold, counting how often each is held from inside. What is held more often than that is in
//! use, and so is all that it holds; the rest is garbage, and is emptied. What the walk does not know the inside of
//! counts as in use.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::{Rc, Weak};

use super::object::{Base, Class, Deque, Dict, Function, Instance, Set};
use super::{CellRef, Obj};

/// How many objects are noted at least before the first search.
const FEW: usize = 1000;

/// The objects that rings may go through.
#[derive(Debug)]
pub struct Garbage {
    cells: Vec<Weak<RefCell<Option<Obj>>>>,
    instances: Vec<Weak<Instance>>,
    /// How many are noted before the next search: twice as many as were in use at the last one, so that the work
    /// stays in proportion to what is made.
    most: usize,
}

impl Default for Garbage {
    fn default() -> Self {
        Garbage { cells: Vec::new(), instances: Vec::new(), most: FEW }
    }
}

impl Garbage {
    /// Notes variables that functions share.
    pub fn note_cells(&mut self, cells: &[CellRef]) {
        self.cells.extend(cells.iter().map(Rc::downgrade));
        self.search_if_many();
    }

    /// Notes an instance.
    pub fn note_instance(&mut self, instance: &Rc<Instance>) {
        self.instances.push(Rc::downgrade(instance));
        self.search_if_many();
    }

    fn search_if_many(&mut self) {
        if self.cells.len() + self.instances.len() < self.most {
            return;
        }
        let mut graph = Graph::default();
        for cell in self.cells.iter().filter_map(Weak::upgrade) {
            graph.start(Node::Cell(cell));
        }
        for instance in self.instances.iter().filter_map(Weak::upgrade) {
            graph.start(Node::Instance(instance));
        }
        drop(graph.garbage());
        self.cells.retain(|cell| cell.strong_count() > 0);
        self.instances.retain(|instance| instance.strong_count() > 0);
        self.most = FEW.max(2 * (self.cells.len() + self.instances.len()));
    }
}

/// Something that counts its references and whose inside is known.
#[derive(Clone)]
enum Node {
    Cell(CellRef),
    Instance(Rc<Instance>),
    Class(Rc<Class>),
    Function(Rc<Function>),
    Captured(Rc<[CellRef]>),
    Method(Rc<(Obj, Rc<Function>)>),
    Bound(Rc<(Obj, Rc<str>)>),
    List(Rc<RefCell<Vec<Obj>>>),
    Tuple(Rc<[Obj]>),
    Dict(Rc<Dict>),
    Set(Rc<Set>),
    Deque(Rc<Deque>),
}

impl Node {
    fn of(object: &Obj) -> Option<Node> {
        Some(match object {
            Obj::Instance(instance) => Node::Instance(instance.clone()),
            Obj::Class(class) => Node::Class(class.clone()),
            Obj::Function(function) => Node::Function(function.clone()),
            Obj::Method(method) => Node::Method(method.clone()),
            Obj::Bound(bound) => Node::Bound(bound.clone()),
            Obj::List(list) => Node::List(list.clone()),
            Obj::Tuple(tuple) => Node::Tuple(tuple.clone()),
            Obj::Dict(dict) => Node::Dict(dict.clone()),
            Obj::Set(set) => Node::Set(set.clone()),
            Obj::Deque(deque) => Node::Deque(deque.clone()),
            _ => return None,
        })
    }

    /// Where it lies, and how many references there are, this one included.
    fn counted(&self) -> (usize, usize) {
        fn of<T: ?Sized>(shared: &Rc<T>) -> (usize, usize) {
            (Rc::as_ptr(shared).cast::<()>() as usize, Rc::strong_count(shared))
        }
        match self {
            Node::Cell(x) => of(x),
            Node::Instance(x) => of(x),
            Node::Class(x) => of(x),
            Node::Function(x) => of(x),
            Node::Captured(x) => of(x),
            Node::Method(x) => of(x),
            Node::Bound(x) => of(x),
            Node::List(x) => of(x),
            Node::Tuple(x) => of(x),
            Node::Dict(x) => of(x),
            Node::Set(x) => of(x),
            Node::Deque(x) => of(x),
        }
    }

    /// What it holds. What is being changed at this moment is not looked into.
    fn inside(&self, found: &mut Vec<Node>) {
        match self {
            Node::Cell(cell) => {
                if let Ok(value) = cell.try_borrow() {
                    found.extend(value.iter().filter_map(Node::of));
                }
            }
            Node::Instance(instance) => {
                found.push(Node::Class(instance.class.clone()));
                if let Ok(attributes) = instance.attributes.try_borrow() {
                    found.extend(attributes.iter().filter_map(|(_, value)| Node::of(value)));
                }
            }
            Node::Class(class) => {
                if let Base::Class(base) = &class.base {
                    found.push(Node::Class(base.clone()));
                }
                if let Ok(attributes) = class.attributes.try_borrow() {
                    found.extend(attributes.iter().filter_map(|(_, value)| Node::of(value)));
                }
            }
            Node::Function(function) => {
                // The empty slice may be shared by all.
                if !function.captured.is_empty() {
                    found.push(Node::Captured(function.captured.clone()));
                }
                found.extend(function.defaults.iter().filter_map(Node::of));
            }
            Node::Captured(cells) => found.extend(cells.iter().cloned().map(Node::Cell)),
            Node::Method(method) => {
                found.extend(Node::of(&method.0));
                found.push(Node::Function(method.1.clone()));
            }
            Node::Bound(bound) => found.extend(Node::of(&bound.0)),
            Node::List(list) => {
                if let Ok(items) = list.try_borrow() {
                    found.extend(items.iter().filter_map(Node::of));
                }
            }
            Node::Tuple(items) => found.extend(items.iter().filter_map(Node::of)),
            Node::Dict(dict) => {
                if let Ok(default) = dict.default.try_borrow() {
                    found.extend(Node::of(&default));
                }
                if let Ok(table) = dict.table.try_borrow() {
                    found.extend(table.iter().flat_map(|(_, key, value)| [key, value]).filter_map(Node::of));
                }
            }
            Node::Deque(deque) => {
                if let Ok(items) = deque.items.try_borrow() {
                    found.extend(items.iter().filter_map(Node::of));
                }
            }
            Node::Set(set) => {
                if let Ok(table) = set.table.try_borrow() {
                    found.extend(table.iter().filter_map(|(_, member, _)| Node::of(member)));
                }
            }
        }
    }

    /// Takes out what it holds, which breaks the rings it is in.
    fn empty(&self, emptied: &mut Vec<Obj>) {
        match self {
            Node::Cell(cell) => emptied.extend(cell.try_borrow_mut().ok().and_then(|mut value| value.take())),
            Node::Instance(instance) => {
                if let Ok(mut attributes) = instance.attributes.try_borrow_mut() {
                    emptied.extend(std::mem::take(&mut *attributes).into_values());
                }
            }
            // Every ring that was looked for goes through one of those.
            _ => {}
        }
    }
}

/// What can be walked to, and how often it is held from inside.
#[derive(Default)]
struct Graph {
    nodes: HashMap<usize, (Node, usize), ahash::RandomState>,
    open: Vec<usize>,
}

impl Graph {
    fn start(&mut self, node: Node) {
        let (place, _) = node.counted();
        if let Entry::Vacant(vacant) = self.nodes.entry(place) {
            vacant.insert((node, 0));
            self.open.push(place);
        }
    }

    /// What unreachable objects held; they are empty then.
    fn garbage(mut self) -> Vec<Obj> {
        let mut found = Vec::new();
        while let Some(place) = self.open.pop() {
            if let Some((node, _)) = self.nodes.get(&place) {
                node.inside(&mut found);
            }
            for node in found.drain(..) {
                match self.nodes.entry(node.counted().0) {
                    Entry::Occupied(mut known) => known.get_mut().1 += 1,
                    Entry::Vacant(vacant) => {
                        self.open.push(*vacant.key());
                        vacant.insert((node, 1));
                    }
                }
            }
        }
        // One reference is the graph's own.
        let held = |(node, inside): &(Node, usize)| node.counted().1 > inside + 1;
        let mut open: Vec<usize> =
            self.nodes.iter().filter(|(_, entry)| held(entry)).map(|(place, _)| *place).collect();
        while let Some(place) = open.pop() {
            // What is in use leaves the graph.
            if let Some((node, _)) = self.nodes.remove(&place) {
                node.inside(&mut found);
                open.extend(found.drain(..).map(|node| node.counted().0));
            }
        }
        let mut emptied = Vec::new();
        for (node, _) in self.nodes.values() {
            node.empty(&mut emptied);
        }
        emptied
    }
}

#[cfg(test)]
mod tests {
    use super::super::object::Attributes;
    use super::*;
    use crate::batch::value::OBJECT;

    fn instance(class: &Rc<Class>) -> Rc<Instance> {
        Rc::new(Instance { class: class.clone(), attributes: RefCell::new(Attributes::default()) })
    }

    #[test]
    fn rings_that_nobody_holds_go_and_others_stay() {
        let class = Rc::new(Class {
            name: "Node".into(),
            base: Base::Type(&OBJECT),
            attributes: RefCell::default(),
            prelude: false,
        });
        let mut garbage = Garbage::default();
        let mut made = Vec::new();
        let mut held = Vec::new();
        for number in 0..10 * FEW {
            // It holds itself, through a list.
            let ring = instance(&class);
            let list = Obj::list(vec![Obj::Instance(ring.clone())]);
            ring.attributes.borrow_mut().set("items", list.clone());
            garbage.note_instance(&ring);
            made.push(Rc::downgrade(&ring));
            if number % FEW == 0 {
                // The list alone is held from outside.
                held.push(list);
            }
        }
        let alive = made.iter().filter(|ring| ring.strong_count() > 0).count();
        assert!((held.len()..2 * FEW).contains(&alive), "{alive}");
        for list in held {
            let Obj::List(list) = list else { unreachable!("lists are held") };
            let Obj::Instance(ring) = &list.borrow()[0] else { unreachable!("instances are in them") };
            assert!(ring.attributes.borrow().get("items").is_some());
        }
    }
}
