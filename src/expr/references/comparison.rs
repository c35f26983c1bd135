//! What a template compares with texts that are written out: `item.status == 'New'`, `in ['New', 'Dead']`,
//! `selectattr('status', 'eq', 'New')`. Found in its tree without running it.

use std::ops::Range;

use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Test;

use super::finder::Finder;
use super::finder::range;
use super::reference::Extent;

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
fn sign(operator: &str) -> Option<(Sign, Takes)> {
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
enum Takes {
    One,
    Several,
}

/// The texts that an expression is, if it is nothing else.
fn written(node: &Expr<'_>, takes: Takes) -> Option<Vec<Written>> {
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
fn argument(argument: Option<&CallArg<'_>>, takes: Takes) -> Option<Vec<Written>> {
    match argument? {
        CallArg::Pos(expr) => written(expr, takes),
        _ => None,
    }
}

/// The texts among what an expression may give.
pub(in crate::expr) fn given(node: &Expr<'_>) -> Vec<Written> {
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

impl<'a> Finder<'a, '_> {
    /// What `syntax` makes of `a == b`: the first value, and each further one behind its sign.
    pub(super) fn compared(&mut self, args: &[CallArg<'a>]) {
        let mut operands = args.iter().filter_map(|argument| match argument {
            CallArg::Pos(expr) => Some(expr),
            _ => None,
        });
        let Some(mut left) = operands.next() else {
            return;
        };
        let mut left_of = self.operand(left);
        while let (Some(Expr::Const(sign)), Some(right)) = (operands.next(), operands.next()) {
            let right_of = self.operand(right);
            if let Some((sign, takes)) = sign.value.as_str().and_then(self::sign) {
                let behind = left_of.clone().zip(written(right, takes));
                let before = right_of.clone().zip(written(left, Takes::One));
                let sign = match (&before, takes) {
                    (Some(_), Takes::Several) => Sign::Contains,
                    _ => sign,
                };
                let compared = behind.or(before);
                self.comparisons
                    .extend(compared.map(|(of, texts)| Comparison { of, sign, texts }));
            }
            (left, left_of) = (right, right_of);
        }
    }

    /// What a test is put to, and what that is compared with: `item.status is eq 'New'`.
    pub(super) fn tested(&mut self, test: &Test<'a>) {
        let compared = self.operand(&test.expr);
        if let Some((of, (sign, takes))) = compared.zip(sign(test.name))
            && let Some(texts) = argument(test.args.first(), takes)
        {
            self.comparisons.push(Comparison { of, sign, texts });
        }
    }

    /// What a filter compares an attribute of each item with: `selectattr('status', 'eq', 'New')`.
    pub(super) fn compared_of_each(&mut self, test: &str, args: &[CallArg<'a>]) {
        if let [CallArg::Pos(attribute), _, with, ..] = args
            && let Some((sign, takes)) = sign(test)
            && let Some(texts) = argument(Some(with), takes)
        {
            let of = range(attribute);
            self.comparisons.push(Comparison { of, sign, texts });
        }
    }

    /// Finds what an operand names, and where the path stands that it is, if it is one.
    fn operand(&mut self, node: &Expr<'a>) -> Option<Range<usize>> {
        let traced = self.traced(node)?;
        let range = traced.range.clone();
        self.refers(traced, Extent::Whole);
        Some(range)
    }
}
