//! Templates as trees: what form a text has, and what is done with dates made callable.

use minijinja::Error;
use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::BinOp;
use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::Call;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Compare;
use minijinja::machinery::ast::Const;
use minijinja::machinery::ast::EmitExpr;
use minijinja::machinery::ast::EmitRaw;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Filter;
use minijinja::machinery::ast::ForLoop;
use minijinja::machinery::ast::GetAttr;
use minijinja::machinery::ast::GetItem;
use minijinja::machinery::ast::IfCond;
use minijinja::machinery::ast::IfExpr;
use minijinja::machinery::ast::List;
use minijinja::machinery::ast::Map;
use minijinja::machinery::ast::Set;
use minijinja::machinery::ast::Slice;
use minijinja::machinery::ast::Spanned;
use minijinja::machinery::ast::Stmt;
use minijinja::machinery::ast::Template;
use minijinja::machinery::ast::Test;
use minijinja::machinery::ast::Tuple;
use minijinja::machinery::ast::UnaryOp;
use minijinja::machinery::ast::UnaryOpKind;
use minijinja::machinery::ast::Var;
use minijinja::machinery::parse;
use minijinja::machinery::parse_expr;
use minijinja::syntax::SyntaxConfig;

use super::compare;
use super::truth;

/// A parsed template. Offsets count from the beginning of the text it was parsed from.
pub(super) enum Parsed<'a> {
    /// Exactly one `{{ … }}`: its value keeps its type.
    Value(Expr<'a>),
    /// Anything else: the result is text.
    Text(Vec<Stmt<'a>>),
}

/// What an expression is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Value,
    /// Whether it holds.
    Truth,
}

impl Asked {
    fn rebuilt<'a>(self, node: &Expr<'a>) -> Expr<'a> {
        match self {
            Self::Value => rebuilt(node),
            Self::Truth => condition(node),
        }
    }
}

/// Parses text that may hold templates.
pub(super) fn template(text: &str, asked: Asked) -> Result<Parsed<'_>, Error> {
    let Stmt::Template(template) = parse(text, "template", SyntaxConfig::default())? else {
        unreachable!("the parser's root is a template");
    };
    if let [Stmt::EmitExpr(emit)] = template.children.as_slice() {
        return Ok(Parsed::Value(asked.rebuilt(&emit.expr)));
    }
    Ok(Parsed::Text(
        template
            .children
            .iter()
            .map(statement)
            .collect::<Result<_, _>>()?,
    ))
}

/// Parses an expression that stands without braces.
pub(super) fn bare_expression(text: &str, asked: Asked) -> Result<Parsed<'_>, Error> {
    Ok(Parsed::Value(asked.rebuilt(&parse_expr(text)?)))
}

/// Whether text has any template in it at all.
pub(super) fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

fn at<T>(node: T, span: Span) -> Spanned<T> {
    Spanned::new(node, span)
}

fn statements<'a>(list: &[Stmt<'a>]) -> Result<Vec<Stmt<'a>>, Error> {
    list.iter().map(statement).collect()
}

fn statement<'a>(node: &Stmt<'a>) -> Result<Stmt<'a>, Error> {
    Ok(match node {
        Stmt::EmitRaw(raw) => Stmt::EmitRaw(at(EmitRaw { raw: raw.raw }, raw.span())),
        Stmt::EmitExpr(emit) => Stmt::EmitExpr(at(
            EmitExpr {
                expr: rebuilt(&emit.expr),
            },
            emit.span(),
        )),
        Stmt::IfCond(cond) => Stmt::IfCond(at(
            IfCond {
                expr: condition(&cond.expr),
                true_body: statements(&cond.true_body)?,
                false_body: statements(&cond.false_body)?,
            },
            cond.span(),
        )),
        Stmt::ForLoop(looped) => Stmt::ForLoop(at(
            ForLoop {
                target: rebuilt(&looped.target),
                iter: rebuilt(&looped.iter),
                filter_expr: looped.filter_expr.as_ref().map(condition),
                recursive: looped.recursive,
                body: statements(&looped.body)?,
                else_body: statements(&looped.else_body)?,
            },
            looped.span(),
        )),
        Stmt::Set(set) => Stmt::Set(at(
            Set {
                target: rebuilt(&set.target),
                expr: rebuilt(&set.expr),
            },
            set.span(),
        )),
        Stmt::WithBlock(_) => return Err(not_understood("with")),
        Stmt::SetBlock(_) => return Err(not_understood("set … endset")),
        Stmt::AutoEscape(_) => return Err(not_understood("autoescape")),
        Stmt::FilterBlock(_) => return Err(not_understood("filter")),
        Stmt::Do(_) => return Err(not_understood("do")),
        Stmt::Template(_) => unreachable!("a template stands in no other"),
    })
}

fn not_understood(name: &str) -> Error {
    Error::new(
        minijinja::ErrorKind::SyntaxError,
        format!("`{name}` blocks are not understood in playbooks"),
    )
}

/// Copies a tree (the engine's nodes cannot be changed in place), with comparisons, `+` and `-` as calls: which of their values is a date is known
/// only when they are asked.
fn rebuilt<'a>(node: &Expr<'a>) -> Expr<'a> {
    match node {
        Expr::Var(var) => Expr::Var(at(Var { id: var.id }, var.span())),
        Expr::Const(constant) => Expr::Const(at(
            Const {
                value: constant.value.clone(),
            },
            constant.span(),
        )),
        Expr::Slice(slice) => Expr::Slice(at(
            Slice {
                expr: rebuilt(&slice.expr),
                start: slice.start.as_ref().map(rebuilt),
                stop: slice.stop.as_ref().map(rebuilt),
                step: slice.step.as_ref().map(rebuilt),
            },
            slice.span(),
        )),
        Expr::UnaryOp(unary) => {
            let span = unary.span();
            let (op, expr) = match unary.op {
                UnaryOpKind::Neg => (UnaryOpKind::Neg, rebuilt(&unary.expr)),
                UnaryOpKind::Not => (UnaryOpKind::Not, condition(&unary.expr)),
            };
            if matches!(op, UnaryOpKind::Neg) && !is_number(&expr) {
                let callee = Expr::Var(at(Var { id: "_negate" }, span));
                let args = vec![CallArg::Pos(expr)];
                return Expr::Call(at(Call { expr: callee, args }, span));
            }
            Expr::UnaryOp(at(UnaryOp { op, expr }, span))
        }
        Expr::BinOp(binary) => operation(binary),
        Expr::Compare(compare) => comparison(compare),
        Expr::IfExpr(choice) => Expr::IfExpr(at(
            IfExpr {
                test_expr: condition(&choice.test_expr),
                true_expr: rebuilt(&choice.true_expr),
                false_expr: choice.false_expr.as_ref().map(rebuilt),
            },
            choice.span(),
        )),
        Expr::Filter(filter) => Expr::Filter(at(
            Filter {
                name: filter.name,
                expr: filter.expr.as_ref().map(rebuilt),
                args: arguments(&filter.args),
            },
            filter.span(),
        )),
        Expr::Test(test) => Expr::Test(at(
            Test {
                name: test.name,
                expr: rebuilt(&test.expr),
                args: arguments(&test.args),
            },
            test.span(),
        )),
        Expr::GetAttr(attr) => Expr::GetAttr(at(
            GetAttr {
                expr: rebuilt(&attr.expr),
                name: attr.name,
            },
            attr.span(),
        )),
        Expr::GetItem(item) => Expr::GetItem(at(
            GetItem {
                expr: rebuilt(&item.expr),
                subscript_expr: rebuilt(&item.subscript_expr),
            },
            item.span(),
        )),
        Expr::Call(call) => Expr::Call(at(
            Call {
                expr: rebuilt(&call.expr),
                args: arguments(&call.args),
            },
            call.span(),
        )),
        Expr::List(list) => Expr::List(at(
            List {
                items: list.items.iter().map(rebuilt).collect(),
            },
            list.span(),
        )),
        Expr::Tuple(tuple) => Expr::Tuple(at(
            Tuple {
                items: tuple.items.iter().map(rebuilt).collect(),
            },
            tuple.span(),
        )),
        Expr::Map(map) => Expr::Map(at(
            Map {
                keys: map.keys.iter().map(rebuilt).collect(),
                values: map.values.iter().map(rebuilt).collect(),
            },
            map.span(),
        )),
    }
}

/// The same of an expression that is only asked whether it holds.
fn condition<'a>(node: &Expr<'a>) -> Expr<'a> {
    match node {
        Expr::BinOp(binary) if matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
            let (left, right) = (condition(&binary.left), condition(&binary.right));
            let op = binary.op;
            Expr::BinOp(at(BinOp { op, left, right }, binary.span()))
        }
        Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Not) => rebuilt(node),
        Expr::Compare(_) | Expr::Test(_) => rebuilt(node),
        Expr::BinOp(binary) if compare::sign_of(binary.op).is_some() => rebuilt(node),
        _ => truth::asked(rebuilt(node)),
    }
}

fn arguments<'a>(list: &[CallArg<'a>]) -> Vec<CallArg<'a>> {
    list.iter()
        .map(|argument| match argument {
            CallArg::Pos(expr) => CallArg::Pos(rebuilt(expr)),
            CallArg::Kwarg(name, expr) => CallArg::Kwarg(name, rebuilt(expr)),
            CallArg::PosSplat(expr) => CallArg::PosSplat(rebuilt(expr)),
            CallArg::KwargSplat(expr) => CallArg::KwargSplat(rebuilt(expr)),
        })
        .collect()
}

fn operation<'a>(binary: &Spanned<BinOp<'a>>) -> Expr<'a> {
    let (left, right) = (rebuilt(&binary.left), rebuilt(&binary.right));
    if let Some(sign) = compare::sign_of(binary.op) {
        return compared(left, std::iter::once((sign, right)), binary.span());
    }
    let function = match binary.op {
        BinOpKind::Add => "_plus",
        BinOpKind::Sub => "_minus",
        op => return Expr::BinOp(at(BinOp { op, left, right }, binary.span())),
    };
    // A number is added to numbers only.
    if is_number(&left) || is_number(&right) {
        return Expr::BinOp(at(
            BinOp {
                op: binary.op,
                left,
                right,
            },
            binary.span(),
        ));
    }
    let callee = Expr::Var(at(Var { id: function }, binary.span()));
    Expr::Call(at(
        Call {
            expr: callee,
            args: vec![CallArg::Pos(left), CallArg::Pos(right)],
        },
        binary.span(),
    ))
}

/// `a < b < c` as a call: which of its values is a date is known only when it is asked.
fn comparison<'a>(compare: &Spanned<Compare<'a>>) -> Expr<'a> {
    let rest = compare.ops.iter();
    compared(
        rebuilt(&compare.expr),
        rest.map(|step| (compare::sign(step.op), rebuilt(&step.expr))),
        compare.span(),
    )
}

fn compared<'a>(
    first: Expr<'a>,
    rest: impl Iterator<Item = (&'static str, Expr<'a>)>,
    span: Span,
) -> Expr<'a> {
    let mut args = vec![CallArg::Pos(first)];
    for (sign, value) in rest {
        let sign = Value::from(sign);
        args.push(CallArg::Pos(Expr::Const(at(Const { value: sign }, span))));
        args.push(CallArg::Pos(value));
    }
    let callee = Expr::Var(at(
        Var {
            id: compare::COMPARE,
        },
        span,
    ));
    Expr::Call(at(Call { expr: callee, args }, span))
}

fn is_number(node: &Expr<'_>) -> bool {
    matches!(node, Expr::Const(constant) if constant.value.is_number())
}

/// The statements of a parsed text as one tree the engine can compile.
pub(super) fn root(statements: Vec<Stmt<'_>>) -> Stmt<'_> {
    Stmt::Template(at(
        Template {
            children: statements,
        },
        Span::default(),
    ))
}
