//! What a template compares with texts that are written out: `item.status == 'New'`, `in ['New', 'Dead']`,
//! `selectattr('status', 'eq', 'New')`. Found in its tree without running it.

use std::ops::Range;

use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;

/// What is compared, how, and with which texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The range of the reference that leads to what is compared.
    pub of: Range<usize>,
    pub sign: Sign,
    pub texts: Vec<Written>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It holds for one of the texts.
    Is,
    /// It holds for all others.
    IsNot,
    /// Whether what is compared holds the text.
    Contains,
}

/// A text, and where it stands in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    pub range: Range<usize>,
}

/// The meaning of an operator, by its sign or its name as a test.
pub(super) fn sign(operator: &str) -> Option<(Sign, Takes)> {
    Some(match operator {
        "==" | "eq" | "equalto" => (Sign::Is, Takes::One),
        "!=" | "ne" => (Sign::IsNot, Takes::One),
        "in" => (Sign::Is, Takes::Several),
        "not in" => (Sign::IsNot, Takes::Several),
        _ => return None,
    })
}

/// What stands behind an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    One,
    Several,
}

/// The texts that an expression is, if it is nothing else.
pub(super) fn written(node: &Expr<'_>, takes: Takes) -> Option<Vec<Written>> {
    let list = match (node, takes) {
        (Expr::Const(_), Takes::One) => std::slice::from_ref(node),
        (Expr::List(list), Takes::Several) => &list.items,
        (Expr::Tuple(tuple), Takes::Several) => &tuple.items,
        _ => return None,
    };
    let texts: Vec<Written> = list.iter().filter_map(text).collect();
    // Of something else among them nothing is known.
    (texts.len() == list.len() && !texts.is_empty()).then_some(texts)
}

/// The texts that an argument is.
pub(super) fn argument(argument: Option<&CallArg<'_>>, takes: Takes) -> Option<Vec<Written>> {
    match argument? {
        CallArg::Pos(expr) => written(expr, takes),
        _ => None,
    }
}

/// The texts among what an expression may give.
pub(super) fn given(node: &Expr<'_>) -> Vec<Written> {
    match node {
        Expr::IfExpr(choice) => {
            let sides = [Some(&choice.true_expr), choice.false_expr.as_ref()];
            sides.into_iter().flatten().flat_map(given).collect()
        }
        Expr::Filter(filter) if filter.name == "default" => {
            let inner = filter.expr.as_ref();
            let otherwise = filter.args.first().and_then(|argument| match argument {
                CallArg::Pos(expr) => Some(expr),
                _ => None,
            });
            inner.into_iter().chain(otherwise).flat_map(given).collect()
        }
        other => text(other).into_iter().collect(),
    }
}

fn text(node: &Expr<'_>) -> Option<Written> {
    let Expr::Const(constant) = node else {
        return None;
    };
    let span = constant.span();
    Some(Written {
        text: constant.value.as_str()?.to_owned(),
        range: span.start_offset as usize..span.end_offset as usize,
    })
}
