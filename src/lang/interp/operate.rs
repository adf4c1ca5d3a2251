//! Operators. What is quick is done here; everything else is the library's.

use std::cmp::Ordering;
use std::rc::Rc;

use super::class::Special;
use super::object::{Handle, Obj};
use super::table::Key;
use super::{Halt, Interp, Run, range_len};
use crate::batch::python::collections::DEQUE;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::types::{self, type_of};
use crate::batch::value::{self as library, Binary, TypeInfo, Unary, Value};
use crate::plan::code::Comparison;

impl Interp<'_> {
    /// `left op right`, and `left op= right` where `in_place`.
    ///
    /// # Errors
    /// CPython's, with its messages.
    pub fn binary(&mut self, op: Binary, left: &Obj, right: &Obj, in_place: bool) -> Run<Obj> {
        let quick = match (op, left, right) {
            (Binary::Add, Obj::Int(a), Obj::Int(b)) => a.checked_add(*b).map(Obj::Int),
            (Binary::Sub, Obj::Int(a), Obj::Int(b)) => a.checked_sub(*b).map(Obj::Int),
            (Binary::Mul, Obj::Int(a), Obj::Int(b)) => a.checked_mul(*b).map(Obj::Int),
            (Binary::Add, Obj::Float(a), Obj::Float(b)) => Some(Obj::Float(a + b)),
            (Binary::Sub, Obj::Float(a), Obj::Float(b)) => Some(Obj::Float(a - b)),
            (Binary::Mul, Obj::Float(a), Obj::Float(b)) => Some(Obj::Float(a * b)),
            (Binary::Add, Obj::Str(a), Obj::Str(b)) => Some(Obj::Str([&**a, &**b].concat().into())),
            (Binary::Add, Obj::Tuple(a), Obj::Tuple(b)) => Some(Obj::tuple([&**a, &**b].concat())),
            (Binary::Add, Obj::List(a), Obj::List(b)) if !in_place => {
                Some(Obj::list([&a.borrow()[..], &b.borrow()[..]].concat()))
            }
            _ => None,
        };
        if let Some(result) = quick {
            return Ok(result);
        }
        if let (Binary::Add, Obj::List(list), true) = (op, left, in_place) {
            let items = self.items(right)?;
            list.borrow_mut().extend(items);
            return Ok(left.clone());
        }
        if let (Binary::Add, Obj::Deque(deque), true) = (op, left, in_place) {
            self.items(right)?.into_iter().for_each(|item| deque.push(item));
            return Ok(left.clone());
        }
        // Texts format instances as anything else.
        let formats = op == Binary::Mod && matches!(left, Obj::Str(_) | Obj::Bytes(_));
        if matches!(left, Obj::Instance(_)) || matches!(right, Obj::Instance(_)) && !formats {
            return self.binary_special(op, left, right, in_place);
        }
        self.cross(|crossing, heap| {
            let (left, right) = (crossing.value(heap, left)?, crossing.value(heap, right)?);
            let result = library::binary(heap, op, left, right, in_place)?;
            if in_place {
                crossing.settle(heap)?;
            }
            crossing.object(heap, result)
        })
    }

    fn binary_special(&mut self, op: Binary, left: &Obj, right: &Obj, in_place: bool) -> Run<Obj> {
        let name = special_name(op);
        let tries = [
            in_place.then(|| (left, format!("__i{name}__"), right)),
            Some((left, format!("__{name}__"), right)),
            Some((right, format!("__r{name}__"), left)),
        ];
        for (object, name, other) in tries.into_iter().flatten() {
            if let Obj::Instance(instance) = object
                && instance.class.find(&name).is_some()
            {
                return self.call_method(object, &name, vec![other.clone()]);
            }
        }
        let symbol = symbol(op);
        let equals = if in_place { "=" } else { "" };
        Err(Halt::new(
            &TYPE_ERROR,
            format!(
                "unsupported operand type(s) for {symbol}{equals}: '{}' and '{}'",
                self.type_name(left),
                self.type_name(right)
            ),
        ))
    }

    /// `op operand`
    ///
    /// # Errors
    /// `TypeError: bad operand type for unary -: 'str'`.
    pub fn unary(&mut self, op: Unary, operand: &Obj) -> Run<Obj> {
        match (op, operand) {
            (Unary::Minus, Obj::Int(number)) if *number != i64::MIN => return Ok(Obj::Int(-number)),
            (Unary::Minus, Obj::Float(number)) => return Ok(Obj::Float(-number)),
            _ => {}
        }
        self.cross(|crossing, heap| {
            let operand = crossing.value(heap, operand)?;
            let result = library::unary(heap, op, operand)?;
            crossing.object(heap, result)
        })
    }

    /// `left op right`
    ///
    /// # Errors
    /// CPython's, with its messages.
    pub fn compare(&mut self, op: Comparison, left: &Obj, right: &Obj) -> Run<Obj> {
        let holds = match op {
            Comparison::Is => identical(left, right),
            Comparison::IsNot => !identical(left, right),
            Comparison::Equal => self.equal(left, right)?,
            Comparison::NotEqual => !self.equal(left, right)?,
            Comparison::In => self.contains(right, left)?,
            Comparison::NotIn => !self.contains(right, left)?,
            Comparison::Less => return self.ordered("<", "__lt__", "__gt__", left, right, Ordering::is_lt),
            Comparison::LessEqual => {
                return self.ordered("<=", "__le__", "__ge__", left, right, Ordering::is_le);
            }
            Comparison::Greater => {
                return self.ordered(">", "__gt__", "__lt__", left, right, Ordering::is_gt);
            }
            Comparison::GreaterEqual => {
                return self.ordered(">=", "__ge__", "__le__", left, right, Ordering::is_ge);
            }
        };
        Ok(Obj::Bool(holds))
    }

    fn ordered(
        &mut self,
        symbol: &str,
        name: &str,
        reflected: &str,
        left: &Obj,
        right: &Obj,
        holds: fn(Ordering) -> bool,
    ) -> Run<Obj> {
        match (left, right) {
            (Obj::Int(a), Obj::Int(b)) => return Ok(Obj::Bool(holds(a.cmp(b)))),
            (Obj::Str(a), Obj::Str(b)) => return Ok(Obj::Bool(holds(a.cmp(b)))),
            _ => {}
        }
        for (object, name, other) in [(left, name, right), (right, reflected, left)] {
            if let Obj::Instance(instance) = object
                && instance.class.find(name).is_some()
            {
                return self.call_method(object, name, vec![other.clone()]);
            }
        }
        if matches!(left, Obj::Instance(_)) || matches!(right, Obj::Instance(_)) {
            let (left, right) = (self.type_name(left), self.type_name(right));
            return Err(Halt::new(
                &TYPE_ERROR,
                format!("'{symbol}' not supported between instances of '{left}' and '{right}'"),
            ));
        }
        let order = self.cross(|crossing, heap| {
            let (left, right) = (crossing.value(heap, left)?, crossing.value(heap, right)?);
            library::order(heap, symbol, left, right)
        })?;
        Ok(Obj::Bool(order.is_some_and(holds)))
    }

    /// `left == right`
    ///
    /// # Errors
    /// `RecursionError`, and what a program's `__eq__` raises.
    pub fn equal(&mut self, left: &Obj, right: &Obj) -> Run<bool> {
        match (left, right) {
            (Obj::Int(a), Obj::Int(b)) => return Ok(a == b),
            (Obj::Str(a), Obj::Str(b)) => return Ok(a == b),
            (Obj::None, _) | (_, Obj::None)
                if !matches!(left, Obj::Instance(_)) && !matches!(right, Obj::Instance(_)) =>
            {
                return Ok(left.is_none() && right.is_none());
            }
            _ => {}
        }
        for (object, other) in [(left, right), (right, left)] {
            if let Obj::Instance(instance) = object
                && instance.class.find("__eq__").is_some()
            {
                let verdict = self.call_method(object, "__eq__", vec![other.clone()])?;
                return self.truth(&verdict);
            }
        }
        if identity_alone(left) || identity_alone(right) {
            return Ok(identical(left, right));
        }
        self.cross(|crossing, heap| {
            let (left, right) = (crossing.value(heap, left)?, crossing.value(heap, right)?);
            library::equal(heap, left, right)
        })
    }

    /// `member in container`
    ///
    /// # Errors
    /// `TypeError: argument of type 'int' is not iterable`, and what comparing raises.
    pub fn contains(&mut self, container: &Obj, member: &Obj) -> Run<bool> {
        match container {
            Obj::Dict(dict) => {
                let key = self.key(member)?;
                Ok(dict.table.borrow().contains(&key))
            }
            Obj::Set(set) if !matches!(member, Obj::Set(_)) => {
                let key = self.key(member)?;
                Ok(set.table.borrow().contains(&key))
            }
            Obj::List(_) | Obj::Tuple(_) | Obj::Deque(_) | Obj::Iterator(_) | Obj::View(..) => {
                let iter = self.iterate(container)?;
                while let Some(item) = self.next(&iter)? {
                    if identical(&item, member) || self.equal(&item, member)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Obj::Instance(instance) => {
                if instance.class.find("__contains__").is_some() {
                    let verdict = self.call_method(container, "__contains__", vec![member.clone()])?;
                    return self.truth(&verdict);
                }
                if instance.class.find("__iter__").is_none() {
                    let name = self.type_name(container);
                    return Err(Halt::new(&TYPE_ERROR, format!("argument of type '{name}' is not iterable")));
                }
                let items = self.items(container)?;
                self.contains(&Obj::list(items), member)
            }
            _ => self.cross(|crossing, heap| {
                let (container, member) = (crossing.value(heap, container)?, crossing.value(heap, member)?);
                library::contains(heap, container, member)
            }),
        }
    }

    /// `bool(object)`
    ///
    /// # Errors
    /// What a program's `__bool__` or `__len__` raises.
    pub fn truth(&mut self, object: &Obj) -> Run<bool> {
        Ok(match object {
            Obj::None => false,
            Obj::Bool(flag) => *flag,
            Obj::Int(number) => *number != 0,
            Obj::Float(number) => *number != 0.0,
            Obj::Str(text) => !text.is_empty(),
            Obj::Bytes(bytes) => !bytes.is_empty(),
            Obj::Tuple(items) => !items.is_empty(),
            Obj::List(list) => !list.borrow().is_empty(),
            Obj::Dict(dict) | Obj::View(dict, _) => dict.table.borrow().len() > 0,
            Obj::Set(set) => set.table.borrow().len() > 0,
            Obj::Deque(deque) => !deque.items.borrow().is_empty(),
            Obj::Range(range) => range_len(**range) > 0,
            Obj::Instance(instance) => {
                if instance.class.find("__bool__").is_some() {
                    let verdict = self.special(object, Special::Bool, vec![].into())?;
                    return self.truth(&verdict);
                }
                if instance.class.find("__len__").is_some() {
                    return Ok(self.length(object)? > 0);
                }
                true
            }
            Obj::Opaque(_) => {
                self.cross(|crossing, heap| Ok(library::truth(crossing.value(heap, object)?)))?
            }
            _ => true,
        })
    }

    /// `len(object)`
    ///
    /// # Errors
    /// `TypeError: object of type 'int' has no len()`.
    pub fn length(&mut self, object: &Obj) -> Run<usize> {
        match object {
            Obj::List(list) => Ok(list.borrow().len()),
            Obj::Tuple(items) => Ok(items.len()),
            Obj::Dict(dict) | Obj::View(dict, _) => Ok(dict.table.borrow().len()),
            Obj::Set(set) => Ok(set.table.borrow().len()),
            Obj::Deque(deque) => Ok(deque.items.borrow().len()),
            Obj::Instance(instance) if instance.class.find("__len__").is_some() => {
                let length = self.special(object, Special::Len, vec![].into())?;
                let length = length.as_int().and_then(|length| usize::try_from(length).ok());
                length.ok_or_else(|| {
                    Halt::new(&TYPE_ERROR, "__len__() should return an int that is not negative")
                })
            }
            Obj::Instance(_) | Obj::Handle(_) => {
                let name = self.type_name(object);
                Err(Halt::new(&TYPE_ERROR, format!("object of type '{name}' has no len()")))
            }
            _ => self.cross(|crossing, heap| {
                let value = crossing.value(heap, object)?;
                library::length(heap, value)
            }),
        }
    }

    /// `type(object).__name__`
    pub fn type_name(&self, object: &Obj) -> String {
        match object {
            Obj::Instance(instance) => instance.class.name.to_string(),
            Obj::Method(_) => "method".into(),
            Obj::Ellipsis => "ellipsis".into(),
            Obj::Handle(handle) => match &**handle {
                Handle::DriverOnly(name) => (*name).into(),
                _ => "object".into(),
            },
            _ => self.type_info(object).name.into(),
        }
    }

    /// The built-in class of an object.
    pub fn type_info(&self, object: &Obj) -> &'static TypeInfo {
        match object {
            Obj::None => &types::NONE_TYPE,
            Obj::Bool(_) => &types::BOOL,
            Obj::Int(_) | Obj::Big(_) => &types::INT,
            Obj::Float(_) => &types::FLOAT,
            Obj::Str(_) => &types::STR,
            Obj::Bytes(_) => &types::BYTES,
            Obj::Tuple(_) => &types::TUPLE,
            Obj::List(_) => &types::LIST,
            Obj::Dict(dict) => dict.class,
            Obj::View(_, super::View::Keys) => &library::DICT_KEYS,
            Obj::View(_, super::View::Values) => &library::DICT_VALUES,
            Obj::View(_, super::View::Items) => &library::DICT_ITEMS,
            Obj::Set(set) => set.class,
            Obj::Deque(_) => &DEQUE,
            Obj::Range(range) => type_of(Value::Range(range)),
            Obj::Iterator(iter) => iter.class,
            Obj::Function(_) | Obj::Method(_) => &types::FUNCTION,
            Obj::Intrinsic(_) | Obj::Native(_) | Obj::Bound(_) => &types::BUILTIN_FUNCTION,
            Obj::Type(_) | Obj::Class(_) => &types::TYPE,
            Obj::Module(_) => &types::MODULE,
            Obj::Exception(exception) => exception.class,
            Obj::Opaque(opaque) => opaque.class,
            Obj::Instance(instance) => instance.class.root(),
            Obj::Ellipsis | Obj::Handle(_) | Obj::Super(_) => &library::OBJECT,
        }
    }

    /// The entry of a dict, if it is there.
    pub(super) fn dict_get(&mut self, dict: &Rc<super::Dict>, key: &Obj) -> Run<(Key, Option<Obj>)> {
        let key = self.key(key)?;
        let value = dict.table.borrow().get(&key).cloned();
        Ok((key, value))
    }
}

/// Whether an object equals nothing but itself.
fn identity_alone(object: &Obj) -> bool {
    matches!(
        object,
        Obj::Function(_)
            | Obj::Intrinsic(_)
            | Obj::Class(_)
            | Obj::Instance(_)
            | Obj::Module(_)
            | Obj::Handle(_)
            | Obj::Iterator(_)
            | Obj::Ellipsis
            | Obj::Type(_)
    )
}

/// `left is right`. Numbers and texts have no identity here: equal ones of a type are one.
pub fn identical(left: &Obj, right: &Obj) -> bool {
    match (left, right) {
        (Obj::None, Obj::None) | (Obj::Ellipsis, Obj::Ellipsis) => true,
        (Obj::Bool(a), Obj::Bool(b)) => a == b,
        (Obj::Int(a), Obj::Int(b)) => a == b,
        (Obj::Big(a), Obj::Big(b)) => a == b,
        (Obj::Float(a), Obj::Float(b)) => a.to_bits() == b.to_bits(),
        (Obj::Str(a), Obj::Str(b)) => a == b,
        (Obj::Bytes(a), Obj::Bytes(b)) => a == b,
        (Obj::Tuple(a), Obj::Tuple(b)) => Rc::ptr_eq(a, b) || a.is_empty() && b.is_empty(),
        (Obj::View(..), _) | (_, Obj::View(..)) => false,
        (Obj::Method(a), Obj::Method(b)) => Rc::ptr_eq(a, b),
        _ => {
            std::mem::discriminant(left) == std::mem::discriminant(right)
                && left.address().is_some()
                && left.address() == right.address()
        }
    }
}

fn special_name(op: Binary) -> &'static str {
    match op {
        Binary::Add => "add",
        Binary::Sub => "sub",
        Binary::Mul => "mul",
        Binary::Div => "truediv",
        Binary::FloorDiv => "floordiv",
        Binary::Mod => "mod",
        Binary::Pow => "pow",
        Binary::LeftShift => "lshift",
        Binary::RightShift => "rshift",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::Xor => "xor",
        Binary::MatMul => "matmul",
    }
}

fn symbol(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::FloorDiv => "//",
        Binary::Mod => "%",
        Binary::Pow => "** or pow()",
        Binary::LeftShift => "<<",
        Binary::RightShift => ">>",
        Binary::And => "&",
        Binary::Or => "|",
        Binary::Xor => "^",
        Binary::MatMul => "@",
    }
}
