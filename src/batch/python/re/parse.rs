//! Python's syntax of regular expressions, with CPython's messages for what is wrong with a pattern
//! (`Lib/re/_parser.py` is the reference).

use super::class;
use super::inline::{self, Inline, TYPES};
use super::source::{Source, Token, control, hexadecimal, is_identifier, octal};
use super::tree::{Case, Category, Greed, Group, Member, Node, Tree};
use super::{ASCII, BYTES, DOTALL, Fault, IGNORECASE, MULTILINE, UNICODE, VERBOSE};
use crate::batch::repr_into;

/// Parentheses within parentheses.
const DEEPEST: usize = 100;

/// Parses a pattern under some flags.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(pattern: &str, flags: u32) -> Result<Tree, Fault> {
    let mut parser = Parser {
        source: Source::new(pattern),
        global: flags,
        groups: Vec::new(),
        open: Vec::new(),
        widths: Vec::new(),
        behind: None,
        conditions: Vec::new(),
    };
    let root = parser.alternatives(flags, 0)?;
    let mut flags = parser.global;
    if flags & (ASCII | BYTES) == 0 {
        flags |= UNICODE;
    } else if flags & UNICODE != 0 {
        return Err(Fault::value("ASCII and UNICODE flags are incompatible"));
    }
    if parser.source.peek()?.is_some() {
        return Err(parser.source.fault("unbalanced parenthesis", 0));
    }
    for (group, position) in parser.conditions {
        if group > parser.groups.len() {
            return Err(Fault::new(format!("invalid group reference {group}"), position));
        }
    }
    Ok(Tree { root, groups: parser.groups, flags })
}

struct Parser {
    source: Source,
    /// Flags of the whole pattern.
    global: u32,
    groups: Vec<Group>,
    /// The groups that are open here, outermost first.
    open: Vec<usize>,
    /// The width of each group; `None` while it is open.
    widths: Vec<Option<(u32, u32)>>,
    /// Within a look-behind: how many groups there were at its start.
    behind: Option<usize>,
    /// Numbers of groups that conditions ask for, and where.
    conditions: Vec<(usize, usize)>,
}

impl Parser {
    /// `a|b|c`
    fn alternatives(&mut self, mut flags: u32, depth: usize) -> Result<Node, Fault> {
        if depth > DEEPEST {
            return Err(self.source.fault("pattern is nested too deeply", 0));
        }
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.sequence(flags, depth, depth == 0 && nodes.is_empty())?);
            if !self.source.accept('|') {
                break;
            }
            if depth == 0 {
                flags = self.global;
            }
        }
        Ok(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::Either(nodes) })
    }

    /// Items one behind the other, up to `|`, `)` or the end.
    fn sequence(&mut self, mut flags: u32, depth: usize, first: bool) -> Result<Node, Fault> {
        let mut nodes: Vec<Node> = Vec::new();
        while let Some(token) = self.source.peek()? {
            if matches!(token, Token::Plain('|' | ')')) {
                break;
            }
            let start = self.source.tell();
            self.source.take()?;
            let plain = match token {
                Token::Escaped(letter) => {
                    let node = self.escape(letter, flags)?;
                    nodes.push(node);
                    continue;
                }
                Token::Plain(plain) => plain,
            };
            match plain {
                ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' if flags & VERBOSE != 0 => {}
                '#' if flags & VERBOSE != 0 => {
                    while !matches!(self.source.take()?, None | Some(Token::Plain('\n'))) {}
                }
                '[' => nodes.push(class::parse(&mut self.source, flags, start)?),
                '?' | '*' | '+' | '{' => self.repetition(plain, start, flags, &mut nodes)?,
                '.' => nodes.push(Node::Any { newline: flags & DOTALL != 0 }),
                '^' if flags & MULTILINE != 0 => nodes.push(Node::LineStart),
                '^' => nodes.push(Node::TextStart),
                '$' if flags & MULTILINE != 0 => nodes.push(Node::LineEnd),
                '$' => nodes.push(Node::LastLineEnd),
                '(' => match self.group(start, flags, depth, first && nodes.is_empty())? {
                    Some(node) => nodes.push(node),
                    // Flags of the whole pattern, or a comment.
                    None if depth == 0 => flags = self.global,
                    None => {}
                },
                _ => nodes.push(Node::Literal(plain, case(flags))),
            }
        }
        Ok(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::Sequence(nodes) })
    }

    /// A repetition of the last of `nodes`. Its first character, `sign`, stood at `start`.
    fn repetition(
        &mut self,
        sign: char,
        start: usize,
        flags: u32,
        nodes: &mut Vec<Node>,
    ) -> Result<(), Fault> {
        let here = self.source.tell();
        let (least, most) = match sign {
            '?' => (0, 1),
            '*' => (0, u32::MAX),
            '+' => (1, u32::MAX),
            _ => {
                let Some(bounds) = self.bounds(here)? else {
                    self.source.seek(here);
                    nodes.push(Node::Literal('{', case(flags)));
                    return Ok(());
                };
                bounds
            }
        };
        let length = self.source.tell() - start;
        let node = match nodes.last() {
            None
            | Some(
                Node::TextStart
                | Node::TextEnd
                | Node::LastLineEnd
                | Node::LineStart
                | Node::LineEnd
                | Node::Boundary { .. },
            ) => return Err(self.source.fault("nothing to repeat", length)),
            Some(Node::Repeat { .. }) => return Err(self.source.fault("multiple repeat", length)),
            Some(_) => nodes.pop().map(Box::new),
        };
        let greed = if self.source.accept('?') {
            Greed::Lazy
        } else if self.source.accept('+') {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        nodes.extend(node.map(|node| Node::Repeat { node, least, most, greed }));
        Ok(())
    }

    /// The bounds in `{2,3}` behind its brace; `None` if that is no repetition.
    fn bounds(&mut self, here: usize) -> Result<Option<(u32, u32)>, Fault> {
        if self.source.peek()? == Some(Token::Plain('}')) {
            return Ok(None);
        }
        let low = self.source.take_while(usize::MAX, |c| c.is_ascii_digit());
        let high = if self.source.accept(',') {
            self.source.take_while(usize::MAX, |c| c.is_ascii_digit())
        } else {
            low.clone()
        };
        if !self.source.accept('}') {
            return Ok(None);
        }
        let bound = |digits: &str, missing: u32| match digits {
            "" => Ok(missing),
            _ => digits
                .parse()
                .ok()
                .filter(|number| *number < u32::MAX)
                .ok_or_else(|| Fault::overflow("the repetition number is too large")),
        };
        let (least, most) = (bound(&low, 0)?, bound(&high, u32::MAX)?);
        if most < least {
            let length = self.source.tell() - here;
            return Err(self.source.fault("min repeat greater than max repeat", length));
        }
        Ok(Some((least, most)))
    }

    /// What begins with the parenthesis at `start`; `None` for a comment or flags of the whole pattern.
    fn group(&mut self, start: usize, flags: u32, depth: usize, first: bool) -> Result<Option<Node>, Fault> {
        if !self.source.accept('?') {
            return self.capture(None, start, flags, depth).map(Some);
        }
        let Some(token) = self.source.take()? else {
            return Err(self.source.fault("unexpected end of pattern", 0));
        };
        match token {
            Token::Plain('P') => self.python_group(start, flags, depth).map(Some),
            Token::Plain(':') => self.inside(start, flags, depth).map(|node| Some(grouped(node))),
            Token::Plain('>') => {
                self.inside(start, flags, depth).map(|node| Some(Node::Atomic(Box::new(node))))
            }
            Token::Plain('#') => loop {
                match self.source.peek()? {
                    None => {
                        let length = self.source.tell() - start;
                        return Err(self.source.fault("missing ), unterminated comment", length));
                    }
                    Some(_) if self.source.take()? == Some(Token::Plain(')')) => return Ok(None),
                    Some(_) => {}
                }
            },
            Token::Plain('=') => self.look(start, flags, depth, false, false).map(Some),
            Token::Plain('!') => self.look(start, flags, depth, false, true).map(Some),
            Token::Plain('<') => match self.source.take()? {
                None => Err(self.source.fault("unexpected end of pattern", 0)),
                Some(Token::Plain('=')) => self.look(start, flags, depth, true, false).map(Some),
                Some(Token::Plain('!')) => self.look(start, flags, depth, true, true).map(Some),
                Some(token) => {
                    Err(self.source.fault(format!("unknown extension ?<{token}"), token.len() + 2))
                }
            },
            Token::Plain('(') => self.conditional(start, flags, depth).map(Some),
            Token::Plain(letter) if letter == '-' || inline::flag(letter).is_some() => {
                let (add, remove) = match inline::parse(&mut self.source, letter)? {
                    Inline::Group { add, remove } => (add, remove),
                    Inline::Whole(flags) => {
                        self.global |= flags;
                        if first {
                            return Ok(None);
                        }
                        let length = self.source.tell() - start;
                        let message = "global flags not at the start of the expression";
                        return Err(self.source.fault(message, length));
                    }
                };
                let kept = if add & TYPES != 0 { flags & !TYPES } else { flags };
                self.inside(start, (kept | add) & !remove, depth).map(|node| Some(grouped(node)))
            }
            token => Err(self.source.fault(format!("unknown extension ?{token}"), token.len() + 1)),
        }
    }

    /// `(?P<name>…)` and `(?P=name)`, behind the `P`.
    fn python_group(&mut self, start: usize, flags: u32, depth: usize) -> Result<Node, Fault> {
        if self.source.accept('<') {
            let name = self.source.take_until('>', "group name")?;
            self.check_name(&name)?;
            return self.capture(Some(name), start, flags, depth);
        }
        if self.source.accept('=') {
            let name = self.source.take_until(')', "group name")?;
            self.check_name(&name)?;
            let length = name.chars().count() + 1;
            let group = self.named(&name, length)?;
            return self.backreference(group, length, flags);
        }
        match self.source.take()? {
            None => Err(self.source.fault("unexpected end of pattern", 0)),
            Some(token) => Err(self.source.fault(format!("unknown extension ?P{token}"), token.len() + 2)),
        }
    }

    fn capture(
        &mut self,
        name: Option<String>,
        start: usize,
        flags: u32,
        depth: usize,
    ) -> Result<Node, Fault> {
        let number = self.groups.len() + 1;
        if let Some(name) = &name
            && let Some(other) = self.groups.iter().position(|group| group.name.as_ref() == Some(name))
        {
            let message = format!(
                "redefinition of group name {} as group {number}; was group {}",
                quoted(name),
                other + 1
            );
            return Err(self.source.fault(message, name.chars().count() + 1));
        }
        self.groups.push(Group { name, parent: self.open.last().copied().unwrap_or(0) });
        self.widths.push(None);
        self.open.push(number);
        let node = self.inside(start, flags, depth)?;
        self.open.pop();
        let widths: Vec<(u32, u32)> = self.known_widths();
        self.widths[number - 1] = Some(node.width(&widths));
        Ok(Node::Capture(number, Box::new(node)))
    }

    fn known_widths(&self) -> Vec<(u32, u32)> {
        self.widths.iter().map(|width| width.unwrap_or((0, u32::MAX))).collect()
    }

    /// Everything up to the closing parenthesis of the one at `start`.
    fn inside(&mut self, start: usize, flags: u32, depth: usize) -> Result<Node, Fault> {
        let node = self.alternatives(flags, depth + 1)?;
        self.close(start)?;
        Ok(node)
    }

    fn close(&mut self, start: usize) -> Result<(), Fault> {
        if self.source.accept(')') {
            return Ok(());
        }
        let length = self.source.tell() - start;
        Err(self.source.fault("missing ), unterminated subpattern", length))
    }

    fn look(
        &mut self,
        start: usize,
        flags: u32,
        depth: usize,
        behind: bool,
        negated: bool,
    ) -> Result<Node, Fault> {
        let outer = self.behind;
        if behind && outer.is_none() {
            self.behind = Some(self.groups.len());
        }
        let node = self.inside(start, flags, depth)?;
        self.behind = outer;
        let (least, most) = node.width(&self.known_widths());
        if behind && least != most {
            return Err(Fault::nowhere("look-behind requires fixed-width pattern"));
        }
        Ok(Node::Look { node: Box::new(node), behind, negated })
    }

    fn conditional(&mut self, start: usize, flags: u32, depth: usize) -> Result<Node, Fault> {
        let name = self.source.take_until(')', "group name")?;
        let length = name.chars().count() + 1;
        let group = if is_identifier(&name) {
            self.named(&name, length)?
        } else {
            let Ok(group) = name.parse::<usize>() else {
                let message = format!("bad character in group name {}", quoted(&name));
                return Err(self.source.fault(message, length));
            };
            if group == 0 {
                return Err(self.source.fault("bad group number", length));
            }
            self.conditions.push((group, self.source.tell() - length));
            group
        };
        self.check_behind(group)?;
        let yes = self.sequence(flags, depth + 1, false)?;
        let no = if self.source.accept('|') {
            let no = self.sequence(flags, depth + 1, false)?;
            if self.source.peek()? == Some(Token::Plain('|')) {
                return Err(self.source.fault("conditional backref with more than two branches", 0));
            }
            no
        } else {
            Node::Sequence(Vec::new())
        };
        self.close(start)?;
        Ok(Node::Conditional { group, yes: Box::new(yes), no: Box::new(no) })
    }

    /// What an escape outside of character classes stands for. The backslash and `letter` have been read.
    fn escape(&mut self, letter: char, flags: u32) -> Result<Node, Fault> {
        let ascii = flags & (ASCII | BYTES) != 0;
        match letter {
            'A' => return Ok(Node::TextStart),
            'Z' => return Ok(Node::TextEnd),
            'b' | 'B' => return Ok(Node::Boundary { negated: letter == 'B', ascii }),
            'N' => return Err(self.source.fault("escapes \\N{…} are not supported", 2)),
            '0' => {
                let digits = self.source.take_while(2, |c| c.is_digit(8));
                return octal(&self.source, &format!("0{digits}")).map(|c| Node::Literal(c, case(flags)));
            }
            '1'..='9' => return self.numbered(letter, flags),
            _ => {}
        }
        if let Some(member) = category(letter, flags) {
            return Ok(Node::Class { members: vec![member], negated: false, case: Case::Exact });
        }
        if let Some(c) = control(letter) {
            return Ok(Node::Literal(c, case(flags)));
        }
        if let Some(c) = hexadecimal(&mut self.source, letter)? {
            return Ok(Node::Literal(c, case(flags)));
        }
        if letter.is_ascii_alphabetic() {
            return Err(self.source.fault(format!("bad escape \\{letter}"), 2));
        }
        Ok(Node::Literal(letter, case(flags)))
    }

    /// An octal escape or a reference to a group, which begins with `first`, not 0.
    fn numbered(&mut self, first: char, flags: u32) -> Result<Node, Fault> {
        let mut digits = String::from(first);
        if let Some(second) = self.source.take_if(|c| c.is_ascii_digit()) {
            digits.push(second);
            if first.is_digit(8)
                && second.is_digit(8)
                && let Some(third) = self.source.take_if(|c| c.is_digit(8))
            {
                digits.push(third);
                return octal(&self.source, &digits).map(|c| Node::Literal(c, case(flags)));
            }
        }
        let group: usize = digits.parse().unwrap_or(usize::MAX);
        if group > self.groups.len() {
            return Err(self.source.fault(format!("invalid group reference {group}"), digits.len()));
        }
        self.backreference(group, digits.len() + 1, flags)
    }

    fn backreference(&mut self, group: usize, length: usize, flags: u32) -> Result<Node, Fault> {
        if self.open.contains(&group) {
            return Err(self.source.fault("cannot refer to an open group", length));
        }
        self.check_behind(group)?;
        Ok(Node::Backreference(group, case(flags)))
    }

    fn check_behind(&self, group: usize) -> Result<(), Fault> {
        let Some(before) = self.behind else { return Ok(()) };
        if self.open.contains(&group) || group > self.groups.len() {
            return Err(self.source.fault("cannot refer to an open group", 0));
        }
        if group > before {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.source.fault(message, 0));
        }
        Ok(())
    }

    fn check_name(&self, name: &str) -> Result<(), Fault> {
        if is_identifier(name) {
            return Ok(());
        }
        let message = format!("bad character in group name {}", quoted(name));
        Err(self.source.fault(message, name.chars().count() + 1))
    }

    /// The number of a named group.
    fn named(&self, name: &str, length: usize) -> Result<usize, Fault> {
        match self.groups.iter().position(|group| group.name.as_deref() == Some(name)) {
            Some(index) => Ok(index + 1),
            None => Err(self.source.fault(format!("unknown group name {}", quoted(name)), length)),
        }
    }
}

/// A parenthesis that captures nothing keeps what is inside from being repeated twice over.
fn grouped(node: Node) -> Node {
    match node {
        Node::Repeat { .. }
        | Node::TextStart
        | Node::TextEnd
        | Node::LastLineEnd
        | Node::LineStart
        | Node::LineEnd
        | Node::Boundary { .. } => Node::Sequence(vec![node]),
        other => other,
    }
}

/// How letters are compared under these flags.
pub fn case(flags: u32) -> Case {
    match (flags & IGNORECASE != 0, flags & (ASCII | BYTES) != 0) {
        (false, _) => Case::Exact,
        (true, false) => Case::Ignored,
        (true, true) => Case::IgnoredAscii,
    }
}

/// The class of characters that an escape stands for.
pub fn category(letter: char, flags: u32) -> Option<Member> {
    let category = match letter {
        'd' | 'D' => Category::Digit,
        's' | 'S' => Category::Space,
        'w' | 'W' => Category::Word,
        _ => return None,
    };
    Some(Member::Category {
        category,
        negated: letter.is_ascii_uppercase(),
        ascii: flags & (ASCII | BYTES) != 0,
    })
}

/// The `repr` of a name.
pub fn quoted(name: &str) -> String {
    let mut text = Vec::new();
    repr_into(name, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
