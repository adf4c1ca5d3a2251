//! A parsed pattern in the engine's syntax. Nothing of the engine's own meaning of `\d`, `$` or flags
//! is used: every class and every anchor is spelled out as Python means it.

use super::tree::{Case, Category, Greed, Member, Node};

/// What is known about the text that is searched, so that the plainest form can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// It has ASCII characters alone.
    pub ascii: bool,
    /// It ends with a newline.
    pub newline: bool,
}

/// White space beyond ASCII (`str.isspace`).
const SPACES: &str = r"\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}";

/// The pattern in the engine's syntax.
pub fn emit(node: &Node, subject: Subject) -> String {
    let mut emitter = Emitter { out: String::new(), subject };
    emitter.node(node);
    emitter.out
}

/// Whether the form depends on what is known about the text: on its characters, and on its last one.
pub fn depends(node: &Node) -> Subject {
    let mut found = Subject { ascii: false, newline: false };
    mark(node, &mut found);
    found
}

fn mark(node: &Node, found: &mut Subject) {
    match node {
        Node::Boundary { .. } => found.ascii = true,
        Node::Class { members, .. } => {
            found.ascii |=
                members.iter().any(|member| matches!(member, Member::Category { ascii: false, .. }));
        }
        Node::LastLineEnd => found.newline = true,
        Node::Sequence(nodes) | Node::Either(nodes) => nodes.iter().for_each(|node| mark(node, found)),
        Node::Capture(_, node) | Node::Atomic(node) | Node::Repeat { node, .. } | Node::Look { node, .. } => {
            mark(node, found)
        }
        Node::Conditional { yes, no, .. } => {
            mark(yes, found);
            mark(no, found);
        }
        Node::Literal(..)
        | Node::Any { .. }
        | Node::TextStart
        | Node::TextEnd
        | Node::LineStart
        | Node::LineEnd
        | Node::Backreference(..) => {}
    }
}

struct Emitter {
    out: String,
    subject: Subject,
}

impl Emitter {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Literal(c, case) => self.cased(*case, |emitter| emitter.literal(*c, *case)),
            Node::Any { newline: true } => self.out.push_str("(?s:.)"),
            Node::Any { newline: false } => self.out.push_str(r"[^\n]"),
            Node::Class { members, negated, case } => {
                self.cased(*case, |emitter| emitter.class(members, *negated, *case));
            }
            Node::TextStart => self.out.push_str(r"\A"),
            Node::TextEnd => self.out.push_str(r"\z"),
            Node::LastLineEnd if self.subject.newline => self.out.push_str(r"(?=\n?\z)"),
            Node::LastLineEnd => self.out.push_str(r"\z"),
            Node::LineStart => self.out.push_str("(?m:^)"),
            Node::LineEnd => self.out.push_str("(?m:$)"),
            Node::Boundary { negated, ascii } => self.boundary(*negated, *ascii),
            Node::Sequence(nodes) => nodes.iter().for_each(|node| match node {
                Node::Either(_) => self.group("(?:", node),
                _ => self.node(node),
            }),
            Node::Either(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.out.push_str(if index > 0 { "|" } else { "" });
                    self.node(node);
                }
            }
            Node::Capture(_, node) => self.group("(", node),
            Node::Backreference(group, case) => {
                let fold = if *case == Case::Exact { "" } else { "i" };
                self.out.push_str(&format!(r"(?{fold}:\{group})"));
            }
            Node::Repeat { node, least, most, greed } => self.repeat(node, *least, *most, *greed),
            Node::Atomic(node) => self.group("(?>", node),
            Node::Look { node, behind, negated } => self.group(
                match (behind, negated) {
                    (false, false) => "(?=",
                    (false, true) => "(?!",
                    (true, false) => "(?<=",
                    (true, true) => "(?<!",
                },
                node,
            ),
            Node::Conditional { group, yes, no } => {
                self.out.push_str(&format!("(?({group})"));
                self.group("(?:", yes);
                self.out.push('|');
                self.group("(?:", no);
                self.out.push(')');
            }
        }
    }

    fn group(&mut self, open: &str, node: &Node) {
        self.out.push_str(open);
        self.node(node);
        self.out.push(')');
    }

    fn cased(&mut self, case: Case, inner: impl FnOnce(&mut Emitter)) {
        if case == Case::Ignored {
            self.out.push_str("(?i:");
            inner(self);
            self.out.push(')');
        } else {
            inner(self);
        }
    }

    fn repeat(&mut self, node: &Node, least: u32, most: u32, greed: Greed) {
        if greed == Greed::Possessive {
            self.out.push_str("(?>");
        }
        if node.width(&[]).1 == 0 {
            // What is empty matches once or not at all; the engine refuses to repeat it.
            self.optional(node, least == 0, greed);
            return;
        }
        match node {
            Node::Literal(..) | Node::Any { .. } | Node::Class { .. } | Node::Capture(..) => self.node(node),
            _ => self.group("(?:", node),
        }
        match (least, most) {
            (0, 1) => self.out.push('?'),
            (0, u32::MAX) => self.out.push('*'),
            (1, u32::MAX) => self.out.push('+'),
            (_, u32::MAX) => self.out.push_str(&format!("{{{least},}}")),
            _ => self.out.push_str(&format!("{{{least},{most}}}")),
        }
        match greed {
            Greed::Greedy => {}
            Greed::Lazy => self.out.push('?'),
            Greed::Possessive => self.out.push(')'),
        }
    }

    /// An empty node that is there, or that need not be; behind `(?>` if it is possessive.
    fn optional(&mut self, node: &Node, optional: bool, greed: Greed) {
        self.out.push_str(if optional && greed == Greed::Lazy { "(?:|" } else { "(?:" });
        self.node(node);
        self.out.push_str(if optional && greed != Greed::Lazy { "|)" } else { ")" });
        self.out.push_str(if greed == Greed::Possessive { ")" } else { "" });
    }

    fn literal(&mut self, c: char, case: Case) {
        if case == Case::IgnoredAscii && c.is_ascii_alphabetic() {
            self.out.push_str(&format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()));
        } else {
            self.character(c);
        }
    }

    /// A character that stands for itself, in a class too.
    fn character(&mut self, c: char) {
        if c.is_ascii_alphanumeric() {
            self.out.push(c);
        } else {
            self.out.push_str(&format!(r"\x{{{:X}}}", u32::from(c)));
        }
    }

    fn range(&mut self, low: char, high: char) {
        self.character(low);
        if low != high {
            self.out.push('-');
            self.character(high);
        }
    }

    fn class(&mut self, members: &[Member], negated: bool, case: Case) {
        self.out.push_str(if negated { "[^" } else { "[" });
        for member in members {
            match *member {
                Member::Range(low, high) => {
                    self.range(low, high);
                    if case == Case::IgnoredAscii {
                        self.other_case(low, high);
                    }
                }
                Member::Category { category, negated, ascii } => {
                    self.out.push_str(if negated { "[^" } else { "" });
                    self.category(category, ascii);
                    self.out.push_str(if negated { "]" } else { "" });
                }
            }
        }
        self.out.push(']');
    }

    /// The ASCII letters of the range, in their other case.
    fn other_case(&mut self, low: char, high: char) {
        for (first, last) in [('a', 'z'), ('A', 'Z')] {
            let (low, high) = (low.max(first), high.min(last));
            if low <= high {
                let swap = |c: char| {
                    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
                };
                self.range(swap(low), swap(high));
            }
        }
    }

    /// The inside of a class.
    fn category(&mut self, category: Category, ascii: bool) {
        let plain = ascii || self.subject.ascii;
        self.out.push_str(match (category, plain) {
            (Category::Digit, true) => "0-9",
            (Category::Digit, false) => r"\p{Nd}",
            (Category::Word, true) => "0-9A-Za-z_",
            (Category::Word, false) => r"\p{L}\p{N}_",
            (Category::Space, _) => r"\t-\r\x{20}",
        });
        if category == Category::Space && !ascii {
            self.out.push_str(r"\x{1C}-\x{1F}");
            self.out.push_str(if plain { "" } else { SPACES });
        }
    }

    fn boundary(&mut self, negated: bool, ascii: bool) {
        // For ASCII text the engine's own boundary is Python's, and its automata know it.
        if self.subject.ascii {
            // (That the empty text has no `\B` is CPython's way.)
            self.out.push_str(if negated { r"(?:\B(?!\A\z))" } else { r"\b" });
            return;
        }
        let mut word = Emitter { out: String::new(), subject: self.subject };
        word.class(
            &[Member::Category { category: Category::Word, negated: false, ascii }],
            false,
            Case::Exact,
        );
        let word = word.out;
        self.out.push_str(&if negated {
            format!(r"(?:(?<={word})(?={word})|(?<!{word})(?!{word})(?!\A\z))")
        } else {
            format!("(?:(?<={word})(?!{word})|(?<!{word})(?={word}))")
        });
    }
}
