//! The walk through a template's tree that finds everything it names.

use std::ops::Range;

use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::ForLoop;
use minijinja::machinery::ast::Stmt;

use super::call::Called;
use super::call::Callee;
use super::comparison::Comparison;
use super::reference::Extent;
use super::reference::Reference;
use super::way::Traced;
use crate::expr::dates;
use crate::expr::slips::Slip;
use crate::expr::syntax::Parsed;

/// What a loop calls itself.
pub(super) const LOOP: &str = "loop";

/// Everything a template names.
pub(in crate::expr) struct Named<'a> {
    pub(in crate::expr) references: Vec<Reference>,
    pub(in crate::expr) calls: Vec<Called<'a>>,
    pub(in crate::expr) comparisons: Vec<Comparison>,
    pub(in crate::expr) slips: Vec<(Slip, Range<usize>)>,
    pub(in crate::expr) gives: Gives,
}

/// What a template gives that is one expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum Gives {
    /// What the last of its references leads to, or of that list some items.
    Referred,
    /// What is written out: it names nothing, and asks no function.
    Constant,
    Other,
}

/// A name that a `for` or `set` binds.
pub(super) struct Bound<'a> {
    pub(super) name: &'a str,
    /// What it is, where that can be seen: an item of a list.
    pub(super) item: Option<Traced>,
}

pub(in crate::expr) fn of<'a>(parsed: &Parsed<'a>, text: &str) -> Named<'a> {
    let mut finder = Finder {
        text,
        // Most templates name one thing, and a playbook may have ten thousands of them.
        found: Vec::with_capacity(1),
        calls: Vec::new(),
        comparisons: Vec::new(),
        slips: Vec::new(),
        bound: Vec::new(),
    };
    let mut gives = Gives::Other;
    match parsed {
        Parsed::Value(expr) => {
            if called(expr).is_some_and(|name| dates::LENGTHS.contains(&name)) {
                finder.slips.push((Slip::LoneLength, range(expr)));
            }
            if let Some(traced) = finder.traced(expr) {
                if traced.or.is_none() {
                    gives = Gives::Referred;
                }
                finder.refers(traced, Extent::Whole);
            }
            if finder.names_nothing() {
                gives = Gives::Constant;
            }
        }
        Parsed::Text(statements) => finder.statements(statements),
    }
    Named {
        references: finder.found,
        calls: finder.calls,
        comparisons: finder.comparisons,
        slips: finder.slips,
        gives,
    }
}

pub(super) struct Finder<'a, 't> {
    pub(super) text: &'t str,
    found: Vec<Reference>,
    pub(super) calls: Vec<Called<'a>>,
    pub(super) comparisons: Vec<Comparison>,
    slips: Vec<(Slip, Range<usize>)>,
    /// No references of the playbook's.
    bound: Vec<Bound<'a>>,
}

impl<'a> Finder<'a, '_> {
    fn names_nothing(&self) -> bool {
        // What `syntax` makes of operators begins so.
        let mut calls = self.calls.iter();
        self.found.is_empty()
            && calls.all(|call| call.callee != Callee::Function || call.name.starts_with('_'))
    }

    fn statements(&mut self, list: &[Stmt<'a>]) {
        for node in list {
            match node {
                Stmt::EmitExpr(emit) => self.expression(&emit.expr),
                Stmt::IfCond(cond) => {
                    self.expression(&cond.expr);
                    self.statements(&cond.true_body);
                    self.statements(&cond.false_body);
                }
                Stmt::ForLoop(looped) => self.looped(looped),
                Stmt::Set(set) => {
                    self.expression(&set.expr);
                    self.bind(&set.target, None);
                }
                // `syntax` lets no other statement through.
                _ => {}
            }
        }
    }

    fn looped(&mut self, looped: &ForLoop<'a>) {
        let list = self.traced(&looped.iter);
        // What a recursive loop goes through next, and what several names stand for, cannot be seen.
        let is_seen = !looped.recursive && matches!(&looped.target, Expr::Var(_));
        let item = list.as_ref().filter(|_| is_seen).map(Traced::item);
        if let Some(list) = list {
            self.refers(
                list,
                if is_seen {
                    Extent::Parts
                } else {
                    Extent::Whole
                },
            );
        }
        let outer = self.bound.len();
        self.bind(&looped.target, item.clone());
        self.bound.push(Bound { name: LOOP, item });
        if let Some(filter) = &looped.filter_expr {
            self.expression(filter);
        }
        self.statements(&looped.body);
        self.bound.truncate(outer);
        self.statements(&looped.else_body);
    }

    fn bind(&mut self, target: &Expr<'a>, item: Option<Traced>) {
        match target {
            Expr::Var(var) => {
                // From here on the name may be either; so much as to be seen, all of the item is used.
                if let Some(Bound {
                    item: Some(item), ..
                }) = self.bound(var.id)
                {
                    let item = item.clone();
                    self.refers(item, Extent::Whole);
                }
                self.bound.push(Bound { name: var.id, item });
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, None)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, None)),
            _ => {}
        }
    }

    pub(super) fn bound(&self, name: &str) -> Option<&Bound<'a>> {
        self.bound.iter().rev().find(|bound| bound.name == name)
    }

    pub(super) fn refers(&mut self, traced: Traced, extent: Extent) {
        let extent = match traced.or {
            Some(_) => Extent::Either,
            None => extent,
        };
        let mut next = Some(Box::new(traced));
        while let Some(traced) = next {
            self.found.push(Reference {
                root: traced.root,
                parts: traced.parts.into(),
                range: traced.range,
                extent,
            });
            next = traced.or;
        }
    }

    pub(super) fn expression(&mut self, node: &Expr<'a>) {
        match node {
            Expr::Var(_)
            | Expr::GetAttr(_)
            | Expr::GetItem(_)
            | Expr::Slice(_)
            | Expr::Filter(_)
            | Expr::Call(_) => {
                if let Some(traced) = self.traced(node) {
                    self.refers(traced, Extent::Whole);
                }
            }
            Expr::Const(_) => {}
            Expr::UnaryOp(unary) => self.expression(&unary.expr),
            Expr::BinOp(binary) => {
                let sides = [&binary.left, &binary.right];
                let is_date = |side: &&Expr<'a>| matches!(called(side), Some("now" | "today"));
                let is_sum = matches!(binary.op, BinOpKind::Add | BinOpKind::Sub);
                if is_sum && sides.iter().any(is_date) {
                    self.slips.push((Slip::DateAndNumber, range(node)));
                }
                self.expression(&binary.left);
                self.expression(&binary.right);
            }
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                compare
                    .ops
                    .iter()
                    .for_each(|step| self.expression(&step.expr));
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                self.expression(&choice.true_expr);
                if let Some(otherwise) = &choice.false_expr {
                    self.expression(otherwise);
                }
            }
            Expr::Test(test) => {
                self.tested(test);
                self.called(Callee::Test, test.name, end(&test.expr), &test.args);
                self.arguments(&test.args);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => map
                .keys
                .iter()
                .chain(&map.values)
                .for_each(|item| self.expression(item)),
        }
    }

    pub(super) fn arguments(&mut self, list: &[CallArg<'a>]) {
        for argument in list {
            let (CallArg::Pos(expr)
            | CallArg::Kwarg(_, expr)
            | CallArg::PosSplat(expr)
            | CallArg::KwargSplat(expr)) = argument;
            self.expression(expr);
        }
    }
}

/// The function that is called, if it is one.
fn called<'a>(node: &Expr<'a>) -> Option<&'a str> {
    match node {
        Expr::Call(call) => match &call.expr {
            Expr::Var(var) => Some(var.id),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn range(node: &Expr<'_>) -> Range<usize> {
    let span = node.span();
    span.start_offset as usize..span.end_offset as usize
}

pub(super) fn end(node: &Expr<'_>) -> usize {
    node.span().end_offset as usize
}
