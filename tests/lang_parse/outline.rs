//! Code as short text: statements on lines, places as `l0` (local), `c0` (cell), `o0` (captured) or the global's name.

use dstream::plan::code::*;

pub fn outline(code: &Code) -> String {
    code.body.iter().map(stmt).collect::<Vec<_>>().join("; ")
}

fn block(body: &[Stmt]) -> String {
    format!("{{{}}}", body.iter().map(stmt).collect::<Vec<_>>().join("; "))
}

fn place(place: &Place) -> String {
    match place {
        Place::Local(number) => format!("l{number}"),
        Place::Cell(number) => format!("c{number}"),
        Place::Capture(number) => format!("o{number}"),
        Place::Global(name) => name.to_string(),
    }
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn optional(value: &Option<Expr>) -> String {
    value.as_ref().map(expr).unwrap_or_default()
}

pub fn function(code: &Code) -> String {
    let Params { positional, positional_only, keyword_only, rest, keywords } = &code.params;
    let param = |param: &Param| match &param.default {
        Some(default) => format!("{}={}", param.name, expr(default)),
        None => param.name.clone(),
    };
    let mut params: Vec<String> = positional.iter().map(param).collect();
    if *positional_only > 0 && code.name != "<genexpr>" {
        params.insert(*positional_only, "/".into());
    }
    match rest {
        Some(rest) => params.push(format!("*{rest}")),
        None if !keyword_only.is_empty() => params.push("*".into()),
        None => {}
    }
    params.extend(keyword_only.iter().map(param));
    params.extend(keywords.iter().map(|name| format!("**{name}")));
    let star = if code.is_generator { "*" } else { "" };
    format!("{star}({}){}", params.join(", "), block(&code.body))
}

pub fn stmt(stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Expr(value) => expr(value),
        StmtKind::Assign(targets, value) => {
            format!("{} = {}", targets.iter().map(target).collect::<Vec<_>>().join(" = "), expr(value))
        }
        StmtKind::AugAssign(to, operator, value) => format!("{} {operator:?}= {}", target(to), expr(value)),
        StmtKind::Delete(targets) => format!("del {}", list(targets, target)),
        StmtKind::Return(value) => format!("return {}", optional(value)).trim_end().into(),
        StmtKind::If(test, body, otherwise) => {
            format!("if {} {} {}", expr(test), block(body), block(otherwise))
        }
        StmtKind::While(test, body, otherwise) => {
            format!("while {} {} {}", expr(test), block(body), block(otherwise))
        }
        StmtKind::For(to, iterable, body, otherwise) => {
            format!("for {} in {} {} {}", target(to), expr(iterable), block(body), block(otherwise))
        }
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
        StmtKind::Pass => "pass".into(),
        StmtKind::Def(to, code) => format!("def {}{}", place(to), function(code)),
        StmtKind::Class { place: to, bases, methods, attributes, .. } => format!(
            "class {}({}) {{{}; {}}}",
            place(to),
            list(bases, expr),
            list(methods, |(name, code)| format!("{name}{}", function(code))),
            list(attributes, |(name, value)| format!("{name} = {}", expr(value)))
        ),
        StmtKind::Import { module, place: to, renamed } => format!("import {module} {} {renamed}", place(to)),
        StmtKind::ImportFrom { module, names } => {
            format!("from {module} import {}", list(names, |(name, to)| format!("{name} {}", place(to))))
        }
        StmtKind::Raise(value) => format!("raise {}", optional(value)).trim_end().into(),
        StmtKind::Assert(test, message) => format!("assert {}, {}", expr(test), optional(message)),
        StmtKind::Try { body, handlers, otherwise, finally } => {
            let handlers: Vec<String> = handlers
                .iter()
                .map(|handler| {
                    let name = handler.place.as_ref().map(place).unwrap_or_default();
                    format!("except({}){name}{}", optional(&handler.classes), block(&handler.body))
                })
                .collect();
            format!("try {} {} {} {}", block(body), handlers.join(" "), block(otherwise), block(finally))
        }
        StmtKind::With(items, body) => {
            let item = |(value, to): &(Expr, Option<Target>)| match to {
                Some(to) => format!("{} as {}", expr(value), target(to)),
                None => expr(value),
            };
            format!("with {} {}", list(items, item), block(body))
        }
    }
}

fn target(to: &Target) -> String {
    match to {
        Target::Name(to, _) => place(to),
        Target::Attribute(value, name, _) => format!("{}.{name}", expr(value)),
        Target::Index(value, index, _) => format!("{}[{}]", expr(value), expr(index)),
        Target::Slice(value, bounds, _) => {
            format!("{}[{}]", expr(value), bounds.iter().map(optional).collect::<Vec<_>>().join(":"))
        }
        Target::Unpack(targets, rest, _) => match rest {
            Some(rest) => format!("({} *{rest})", list(targets, target)),
            None => format!("({})", list(targets, target)),
        },
    }
}

fn items(items: &[Item]) -> String {
    list(items, |item| match item {
        Item::One(value) => expr(value),
        Item::Unpacked(value) => format!("*{}", expr(value)),
    })
}

fn parts(format: &[FormatPart]) -> String {
    list(format, |part| match part {
        FormatPart::Text(text) => format!("{text:?}"),
        FormatPart::Value { value, conversion, spec } => {
            let conversion = conversion.map(|conversion| format!("!{conversion}")).unwrap_or_default();
            format!("{{{}{conversion}:{}}}", expr(value), parts(spec))
        }
    })
}

pub fn expr(of: &Expr) -> String {
    match &of.kind {
        ExprKind::Const(Const::Str(text)) => format!("{text:?}"),
        ExprKind::Const(Const::Bytes(bytes)) => format!("b{bytes:?}"),
        ExprKind::Const(Const::Int(number)) => number.to_string(),
        ExprKind::Const(constant) => format!("{constant:?}"),
        ExprKind::Name(of) => place(of),
        ExprKind::Unary(operator, value) => format!("{operator:?}({})", expr(value)),
        ExprKind::Not(value) => format!("not({})", expr(value)),
        ExprKind::Binary(operator, left, right) => format!("{operator:?}({}, {})", expr(left), expr(right)),
        ExprKind::And(values) => format!("and({})", list(values, expr)),
        ExprKind::Or(values) => format!("or({})", list(values, expr)),
        ExprKind::Compare(first, others) => {
            let others = list(others, |(operator, value)| format!("{operator:?} {}", expr(value)));
            format!("cmp({}, {others})", expr(first))
        }
        ExprKind::If { test, then, otherwise } => {
            format!("if({}, {}, {})", expr(test), expr(then), expr(otherwise))
        }
        ExprKind::Call { callee, args } => {
            let args = list(args, |arg| match arg {
                Arg::Positional(value) => expr(value),
                Arg::Unpacked(value) => format!("*{}", expr(value)),
                Arg::Keyword(name, value) => format!("{name}={}", expr(value)),
                Arg::Keywords(value) => format!("**{}", expr(value)),
            });
            format!("{}({args})", expr(callee))
        }
        ExprKind::Attribute(value, name) => format!("{}.{name}", expr(value)),
        ExprKind::Index(value, index) => format!("{}[{}]", expr(value), expr(index)),
        ExprKind::Slice(value, bounds) => {
            let bound = |bound: &Option<Box<Expr>>| bound.as_deref().map(expr).unwrap_or_default();
            format!("{}[{}]", expr(value), bounds.iter().map(bound).collect::<Vec<_>>().join(":"))
        }
        ExprKind::Tuple(values) => format!("tuple({})", items(values)),
        ExprKind::List(values) => format!("[{}]", items(values)),
        ExprKind::Set(values) => format!("set({})", items(values)),
        ExprKind::Dict(entries) => {
            let entry = |(key, value): &(Option<Expr>, Expr)| match key {
                Some(key) => format!("{}: {}", expr(key), expr(value)),
                None => format!("**{}", expr(value)),
            };
            format!("{{{}}}", list(entries, entry))
        }
        ExprKind::Comprehension(comprehension) => {
            let result = match &comprehension.kind {
                ComprehensionKind::List(value) => format!("list {}", expr(value)),
                ComprehensionKind::Set(value) => format!("set {}", expr(value)),
                ComprehensionKind::Dict(key, value) => format!("dict {}: {}", expr(key), expr(value)),
            };
            let clause = |clause: &Clause| {
                let conditions: String =
                    clause.conditions.iter().map(|test| format!(" if {}", expr(test))).collect();
                format!("for {} in {}{conditions}", target(&clause.target), expr(&clause.iterable))
            };
            let clauses = comprehension.clauses.iter().map(clause).collect::<Vec<_>>().join(" ");
            let new = if comprehension.cells.is_empty() {
                String::new()
            } else {
                format!(" new {:?}", comprehension.cells)
            };
            format!("<{result} {clauses}{new}>")
        }
        ExprKind::Generator(code, iterable) => format!("gen{}({})", function(code), expr(iterable)),
        ExprKind::Lambda(code) => format!("fn{}", function(code)),
        ExprKind::Format(format) => format!("f({})", parts(format)),
        ExprKind::Assign(to, value) => format!("{} := {}", place(to), expr(value)),
        ExprKind::Yield(value) => {
            format!("yield {}", value.as_deref().map(expr).unwrap_or_default()).trim_end().into()
        }
        ExprKind::YieldFrom(value) => format!("yield from {}", expr(value)),
    }
}
