//! The way from an expression down to the name it begins with, and so what it leads to.

use std::borrow::Cow;
use std::ops::Range;

use minijinja::machinery::ast::Call;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Filter;
use minijinja::machinery::ast::Spanned;

use super::call::Callee;
use super::finder::Bound;
use super::finder::Finder;
use super::finder::LOOP;
use super::finder::end;
use super::reference::Extent;
use super::reference::Part;
use super::reference::root;
use crate::expr::attributes;
use crate::expr::attributes::Looked;
use crate::expr::compare::COMPARE;
use crate::expr::search;

/// What an expression leads to, before it is known what is used of that.
#[derive(Debug, Clone)]
pub(super) struct Traced {
    pub(super) root: Cow<'static, str>,
    pub(super) parts: Vec<Part>,
    pub(super) range: Range<usize>,
    /// What it may be as well.
    pub(super) or: Option<Box<Traced>>,
}

impl Traced {
    fn followed(mut self, part: Part) -> Self {
        self.or = self.or.map(|or| Box::new(or.followed(part.clone())));
        self.parts.push(part);
        self
    }

    /// The same, or another.
    fn or(mut self, other: Self) -> Self {
        self.or = Some(Box::new(match self.or {
            Some(or) => or.or(other),
            None => other,
        }));
        self
    }

    fn placed(mut self, range: &Range<usize>) -> Self {
        self.or = self.or.map(|or| Box::new(or.placed(range)));
        self.range = range.clone();
        self
    }

    pub(super) fn item(&self) -> Self {
        self.clone().followed(Part::Index)
    }
}

impl<'a> Finder<'a, '_> {
    /// Follows `a.b["c"][d] | first` down to its root. What stands beside the way is found at once, what it leads to is
    /// for the caller to say.
    pub(super) fn traced(&mut self, node: &Expr<'a>) -> Option<Traced> {
        self.traced_to(node, end(node))
    }

    /// The same of the beginning of a path that ends at `to`: an attribute's own span begins at its dot.
    fn traced_to(&mut self, node: &Expr<'a>, to: usize) -> Option<Traced> {
        match node {
            Expr::Var(var) => {
                let range = var.span().start_offset as usize..to;
                match self.bound(var.id) {
                    Some(Bound { name: LOOP, .. }) => None,
                    Some(bound) => bound.item.clone().map(|item| Traced { range, ..item }),
                    None => Some(Traced {
                        root: root(var.id),
                        parts: Vec::new(),
                        range,
                        or: None,
                    }),
                }
            }
            Expr::GetAttr(attr) => {
                if let (Expr::Var(var), "previtem" | "nextitem") = (&attr.expr, attr.name)
                    && let Some(Bound { name: LOOP, item }) = self.bound(var.id)
                {
                    let range = var.span().start_offset as usize..to;
                    return item.clone().map(|item| Traced { range, ..item });
                }
                let inner = self.owner(&attr.expr, to)?;
                Some(inner.followed(Part::Name(attr.name.to_owned())))
            }
            Expr::GetItem(item) => {
                let inner = self.owner(&item.expr, to);
                let part = match &item.subscript_expr {
                    Expr::Const(constant) => match constant.value.as_str() {
                        Some(name) => Part::Name(name.to_owned()),
                        None => Part::Index,
                    },
                    subscript => {
                        self.expression(subscript);
                        Part::Index
                    }
                };
                inner.map(|inner| inner.followed(part))
            }
            Expr::Slice(slice) => {
                let inner = self.traced(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                {
                    self.expression(part);
                }
                inner
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Call(call) => match searched(call) {
                Some(step) => Some(self.lookup(call, step, to)),
                None => self.call(call, to),
            },
            other => {
                self.expression(other);
                None
            }
        }
    }

    /// The same of what an attribute is asked of: `(steps.a.first if vars.a else steps.b.first).name`.
    fn owner(&mut self, node: &Expr<'a>, to: usize) -> Option<Traced> {
        let Expr::IfExpr(choice) = node else {
            return self.traced_to(node, to);
        };
        self.expression(&choice.test_expr);
        let Some(otherwise) = &choice.false_expr else {
            return self.owner(&choice.true_expr, end(&choice.true_expr));
        };
        let sides = [&choice.true_expr, otherwise].map(|side| self.owner(side, end(side)));
        match sides {
            [Some(one), Some(other)] => {
                let range = choice.span().start_offset as usize..to;
                Some(one.or(other).placed(&range))
            }
            // Of the other side nothing is known, and so nothing of what is asked of either.
            sides => {
                for side in sides.into_iter().flatten() {
                    self.refers(side, Extent::Whole);
                }
                None
            }
        }
    }

    fn filter(&mut self, filter: &Filter<'a>) -> Option<Traced> {
        let looked = attributes::of(filter);
        let list = filter.expr.as_ref().and_then(|inner| match &looked {
            Some(_) => self.owner(inner, end(inner)),
            None => self.traced(inner),
        });
        let behind = filter.expr.as_ref().map_or(0, end);
        self.called(Callee::Filter, filter.name, behind, &filter.args);
        self.applied(filter);
        self.arguments(&filter.args);
        let list = list?;
        // A variable has no fields that a step fetches.
        let looked = looked.filter(|_| list.root != "vars");
        let Some(Looked { attribute, gives }) = looked else {
            self.refers(list, Extent::Whole);
            return None;
        };
        if let Some(attribute) = attribute {
            self.attributes(&list, attribute);
        }
        match gives {
            attributes::Gives::Items => return Some(list),
            attributes::Gives::One => return Some(list.item()),
            attributes::Gives::Batches => return Some(list.followed(Part::Batches)),
            attributes::Gives::Whole => self.refers(list, Extent::Whole),
            attributes::Gives::Values => self.refers(list, Extent::Parts),
        }
        None
    }

    /// What a literal names of each item of a list: `selectattr('account.name', …)`.
    fn attributes(&mut self, list: &Traced, literal: &Expr<'a>) {
        let span = literal.span();
        for name in attributes::names(literal) {
            let range = span.start_offset as usize..span.end_offset as usize;
            let item = name.split('.').fold(list.item(), |item, part| {
                item.followed(match part.parse::<usize>() {
                    Ok(_) => Part::Index,
                    Err(_) => Part::Name(part.to_owned()),
                })
            });
            self.refers(item.placed(&range), Extent::Whole);
        }
    }

    /// Of `group` it is known what it makes of its list.
    fn call(&mut self, call: &Spanned<Call<'a>>, to: usize) -> Option<Traced> {
        match &call.expr {
            // A function's name is no variable.
            Expr::Var(var) => {
                let behind = var.span().start_offset as usize;
                self.called(Callee::Function, var.id, behind, &call.args);
                if var.id == COMPARE {
                    self.compared(&call.args);
                    return None;
                }
            }
            Expr::GetAttr(method) => {
                // `loop.changed(…)` and the like are the engine's own.
                let is_bound =
                    matches!(&method.expr, Expr::Var(var) if self.bound(var.id).is_some());
                if !is_bound {
                    self.called(Callee::Method, method.name, end(&method.expr), &call.args);
                }
                self.expression(&method.expr);
            }
            other => self.expression(other),
        }
        let (list, rest) = match (&call.expr, call.args.as_slice()) {
            (Expr::Var(var), [CallArg::Pos(list), rest @ ..]) if var.id == search::GROUP => {
                (self.owner(list, end(list)), rest)
            }
            (_, args) => {
                self.arguments(args);
                return None;
            }
        };
        self.arguments(rest);
        let list = list?;
        if list.root == "vars" {
            self.refers(list, Extent::Whole);
            return None;
        }
        if let Some(CallArg::Pos(by)) = rest.first() {
            self.attributes(&list, by);
        }
        let range = call.expr.span().start_offset as usize..to;
        Some(list.followed(Part::Groups).placed(&range))
    }

    /// A search reads the field it compares; of the record it finds, what follows is used.
    fn lookup(&mut self, call: &Call<'a>, step: &str, end: usize) -> Traced {
        let record = Traced {
            root: root("steps"),
            parts: vec![
                Part::Name(step.to_owned()),
                Part::Name("records".to_owned()),
                Part::Index,
            ],
            range: call.expr.span().start_offset as usize..end,
            or: None,
        };
        let mut compared = record.clone();
        compared.parts.extend(match call.args.get(1) {
            Some(CallArg::Pos(Expr::Const(field))) => field
                .value
                .as_str()
                .map(|field| Part::Name(field.to_owned())),
            _ => None,
        });
        self.refers(compared, Extent::Whole);
        let behind = call.expr.span().start_offset as usize;
        self.called(Callee::Function, search::LOOKUP, behind, &call.args);
        self.arguments(call.args.get(1..).unwrap_or_default());
        record
    }
}

/// The step that a call of `lookup` searches, if it can be seen: `lookup(steps.x, …)` or `lookup('x', …)`.
fn searched<'e>(call: &'e Call<'_>) -> Option<&'e str> {
    let is_lookup = matches!(&call.expr, Expr::Var(var) if var.id == search::LOOKUP);
    match call.args.first() {
        Some(CallArg::Pos(Expr::Const(name))) if is_lookup => name.value.as_str(),
        Some(CallArg::Pos(Expr::GetAttr(attr))) if is_lookup => {
            matches!(&attr.expr, Expr::Var(var) if var.id == "steps").then_some(attr.name)
        }
        _ => None,
    }
}
