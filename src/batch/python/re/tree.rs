//! What a pattern is after parsing: a tree in which every flag has been applied to the node that it
//! changes.

/// A parsed pattern.
#[derive(Debug, PartialEq)]
pub struct Tree {
    /// What is matched.
    pub root: Node,
    /// The groups, the first being group 1.
    pub groups: Vec<Group>,
    /// The flags of the whole pattern, those written inside of it too.
    pub flags: u32,
}

/// A capturing group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The group around it, 0 for none.
    pub parent: usize,
}

/// How letters are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// As they are.
    Exact,
    /// Ignoring case.
    Ignored,
    /// Ignoring case of ASCII letters alone.
    IgnoredAscii,
}

/// A class of characters that has an escape of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// `\d`
    Digit,
    /// `\s`
    Space,
    /// `\w`
    Word,
}

/// A member of a character class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// Characters from one to another.
    Range(char, char),
    /// `\d` and its like; negated for `\D`; of ASCII characters alone.
    Category { category: Category, negated: bool, ascii: bool },
}

/// How often a repetition tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greed {
    /// `*`: as often as possible, giving back.
    Greedy,
    /// `*?`: as seldom as possible.
    Lazy,
    /// `*+`: as often as possible, giving nothing back.
    Possessive,
}

/// A part of a pattern.
#[derive(Debug, PartialEq)]
pub enum Node {
    /// One character.
    Literal(char, Case),
    /// `.`, with or without the newline.
    Any { newline: bool },
    /// `[…]`, or an escape that stands for one.
    Class { members: Vec<Member>, negated: bool, case: Case },
    /// `\A`, and `^` without `MULTILINE`.
    TextStart,
    /// `\Z`
    TextEnd,
    /// `$` without `MULTILINE`: the end, or before a newline at the end.
    LastLineEnd,
    /// `^` with `MULTILINE`.
    LineStart,
    /// `$` with `MULTILINE`.
    LineEnd,
    /// `\b` and `\B`.
    Boundary { negated: bool, ascii: bool },
    /// One behind the other.
    Sequence(Vec<Node>),
    /// One or another.
    Either(Vec<Node>),
    /// A capturing group.
    Capture(usize, Box<Node>),
    /// What a group has matched.
    Backreference(usize, Case),
    /// Repetition, at most `u32::MAX` for no bound.
    Repeat { node: Box<Node>, least: u32, most: u32, greed: Greed },
    /// `(?>…)`
    Atomic(Box<Node>),
    /// `(?=…)` and its like.
    Look { node: Box<Node>, behind: bool, negated: bool },
    /// `(?(1)yes|no)`
    Conditional { group: usize, yes: Box<Node>, no: Box<Node> },
}

impl Node {
    /// The least and the greatest number of characters that it matches; `u32::MAX` for no bound.
    pub fn width(&self, groups: &[(u32, u32)]) -> (u32, u32) {
        match self {
            Node::Literal(..) | Node::Any { .. } | Node::Class { .. } => (1, 1),
            Node::TextStart
            | Node::TextEnd
            | Node::LastLineEnd
            | Node::LineStart
            | Node::LineEnd
            | Node::Boundary { .. }
            | Node::Look { .. } => (0, 0),
            Node::Sequence(nodes) => nodes.iter().fold((0, 0), |(least, most), node| {
                let (a, b) = node.width(groups);
                (least.saturating_add(a), most.saturating_add(b))
            }),
            Node::Either(nodes) => {
                let mut widths = nodes.iter().map(|node| node.width(groups));
                let first = widths.next().unwrap_or((0, 0));
                widths.fold(first, |(least, most), (a, b)| (least.min(a), most.max(b)))
            }
            Node::Capture(_, node) | Node::Atomic(node) => node.width(groups),
            Node::Backreference(group, _) => groups.get(*group - 1).copied().unwrap_or((0, u32::MAX)),
            Node::Repeat { node, least, most, .. } => {
                let (a, b) = node.width(groups);
                (a.saturating_mul(*least), b.saturating_mul(*most))
            }
            Node::Conditional { yes, no, .. } => {
                let ((a, b), (c, d)) = (yes.width(groups), no.width(groups));
                (a.min(c), b.max(d))
            }
        }
    }
}
