//! What a template refers to, found in its tree without running it.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::machinery::ast::Call;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::ForLoop;
use minijinja::machinery::ast::Stmt;

use super::search;
use super::syntax::Parsed;

/// A name with what follows it: `steps.accounts.by_key[row.code].id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub root: String,
    pub parts: Vec<Part>,
    /// Bytes of the template's text.
    pub range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Name(String),
    /// A number, or a key that is computed: which one cannot be seen.
    Index,
}

/// How the templates of one playbook file name steps.
#[derive(Debug, Clone, Copy)]
pub struct StepNames<'a> {
    /// `load.` in an included playbook, before the ids of its own steps.
    pub prefix: &'a str,
    /// The full ids of all includes.
    pub includes: &'a BTreeSet<String>,
}

impl StepNames<'_> {
    /// The full id that names give, and how many of them it takes: `load`, `accounts`, `records` → `load.accounts`, 2.
    pub fn full<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<(String, usize)> {
        let mut names = names.into_iter();
        let mut id = format!("{}{}", self.prefix, names.next()?);
        let mut taken = 1;
        while self.includes.contains(&id) {
            let Some(name) = names.next() else { break };
            id.push('.');
            id.push_str(name);
            taken += 1;
        }
        Some((id, taken))
    }
}

impl Reference {
    /// Writes the step's full id where the template writes it in parts, so that `name(0)` is the step wherever it is.
    pub(super) fn resolve(&mut self, names: StepNames<'_>) {
        if self.root != "steps" {
            return;
        }
        let written = self.parts.iter().map_while(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Index => None,
        });
        if let Some((id, taken)) = names.full(written) {
            self.parts.splice(..taken, [Part::Name(id)]);
        }
    }

    /// The name at a place behind the root, if it can be seen.
    pub fn name(&self, place: usize) -> Option<&str> {
        match self.parts.get(place) {
            Some(Part::Name(name)) => Some(name),
            Some(Part::Index) | None => None,
        }
    }
}

/// What a template calls by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee {
    Filter,
    Test,
    Function,
    /// Of a value: `name.upper()`. No value of a playbook has any.
    Method,
}

/// A call, and where its name stands in the template's text.
#[derive(Debug)]
pub(super) struct Called<'a> {
    pub(super) callee: Callee,
    pub(super) name: &'a str,
    pub(super) range: Range<usize>,
}

/// Everything a template names.
pub(super) struct Named<'a> {
    pub(super) references: Vec<Reference>,
    pub(super) calls: Vec<Called<'a>>,
}

pub(super) fn of<'a>(parsed: &Parsed<'a>, text: &str) -> Named<'a> {
    let mut finder = Finder {
        text,
        // Most templates name one thing, and a playbook may have ten thousands of them.
        found: Vec::with_capacity(1),
        calls: Vec::new(),
        bound: Vec::new(),
    };
    match parsed {
        Parsed::Value(expr) => finder.expression(expr),
        Parsed::Text(statements) => finder.statements(statements),
    }
    Named {
        references: finder.found,
        calls: finder.calls,
    }
}

struct Finder<'a, 't> {
    text: &'t str,
    found: Vec<Reference>,
    calls: Vec<Called<'a>>,
    /// Names that a `for` or `set` binds: no references of the playbook's.
    bound: Vec<&'a str>,
}

impl<'a> Finder<'a, '_> {
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
                    self.bind(&set.target);
                }
                // `syntax` lets no other statement through.
                _ => {}
            }
        }
    }

    fn looped(&mut self, looped: &ForLoop<'a>) {
        self.expression(&looped.iter);
        let outer = self.bound.len();
        self.bind(&looped.target);
        self.bound.push("loop");
        if let Some(filter) = &looped.filter_expr {
            self.expression(filter);
        }
        self.statements(&looped.body);
        self.bound.truncate(outer);
        self.statements(&looped.else_body);
    }

    fn bind(&mut self, target: &Expr<'a>) {
        match target {
            Expr::Var(var) => self.bound.push(var.id),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item)),
            _ => {}
        }
    }

    fn expression(&mut self, node: &Expr<'a>) {
        match node {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.path(node),
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                {
                    self.expression(part);
                }
            }
            Expr::UnaryOp(unary) => self.expression(&unary.expr),
            Expr::BinOp(binary) => {
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
            Expr::Filter(filter) => {
                if let Some(inner) = &filter.expr {
                    self.expression(inner);
                }
                let behind = filter.expr.as_ref().map_or(0, end);
                self.called(Callee::Filter, filter.name, behind);
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.expression(&test.expr);
                self.called(Callee::Test, test.name, end(&test.expr));
                self.arguments(&test.args);
            }
            Expr::Call(call) => {
                if let Some(step) = searched(call) {
                    return self.lookup(call, step, &[], node.span().end_offset);
                }
                match &call.expr {
                    // A function's name is no variable.
                    Expr::Var(var) => {
                        let behind = var.span().start_offset as usize;
                        self.called(Callee::Function, var.id, behind);
                    }
                    Expr::GetAttr(method) => {
                        // `loop.changed(…)` and the like are the engine's own.
                        let is_bound =
                            matches!(&method.expr, Expr::Var(var) if self.bound.contains(&var.id));
                        if !is_bound {
                            self.called(Callee::Method, method.name, end(&method.expr));
                        }
                        self.expression(&method.expr);
                    }
                    other => self.expression(other),
                }
                self.arguments(&call.args);
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

    /// The tree does not say where a name stands, only what stands before it.
    fn called(&mut self, callee: Callee, name: &'a str, behind: usize) {
        let rest = self.text.get(behind..).unwrap_or_default();
        let start = behind + rest.find(name).unwrap_or_default();
        self.calls.push(Called {
            callee,
            name,
            range: start..start + name.len(),
        });
    }

    fn arguments(&mut self, list: &[CallArg<'a>]) {
        for argument in list {
            let (CallArg::Pos(expr)
            | CallArg::Kwarg(_, expr)
            | CallArg::PosSplat(expr)
            | CallArg::KwargSplat(expr)) = argument;
            self.expression(expr);
        }
    }

    /// Follows `a.b["c"][d]` down to its root.
    fn path(&mut self, node: &Expr<'a>) {
        let end = node.span().end_offset;
        let mut parts = Vec::new();
        let mut inner = node;
        loop {
            match inner {
                Expr::Var(var) => {
                    if !self.bound.contains(&var.id) {
                        parts.reverse();
                        parts.shrink_to_fit();
                        // An attribute's span begins at its dot, so the start is the root's.
                        let range = var.span().start_offset as usize..end as usize;
                        self.found.push(Reference {
                            root: var.id.to_owned(),
                            parts,
                            range,
                        });
                    }
                    return;
                }
                Expr::GetAttr(attr) => {
                    parts.push(Part::Name(attr.name.to_owned()));
                    inner = &attr.expr;
                }
                Expr::GetItem(item) => {
                    match &item.subscript_expr {
                        Expr::Const(constant) if constant.value.as_str().is_some() => {
                            parts.push(Part::Name(
                                constant.value.as_str().unwrap_or_default().to_owned(),
                            ));
                        }
                        Expr::Const(_) => parts.push(Part::Index),
                        subscript => {
                            parts.push(Part::Index);
                            self.expression(subscript);
                        }
                    }
                    inner = &item.expr;
                }
                // `lookup(…).id`: a field of the record that is found.
                Expr::Call(call) if searched(call).is_some() => {
                    if let Some(step) = searched(call) {
                        parts.reverse();
                        self.lookup(call, step, &parts, end);
                    }
                    return;
                }
                other => return self.expression(other),
            }
        }
    }

    /// A search reads the field it compares, and of the record it finds what follows.
    fn lookup(&mut self, call: &Call<'a>, step: &str, behind: &[Part], end: u32) {
        let record = || {
            vec![
                Part::Name(step.to_owned()),
                Part::Name("records".to_owned()),
                Part::Index,
            ]
        };
        let start = call.expr.span().start_offset;
        let mut found = |parts| {
            self.found.push(Reference {
                root: "steps".to_owned(),
                parts,
                range: start as usize..end as usize,
            });
        };
        let mut compared = record();
        compared.extend(match call.args.get(1) {
            Some(CallArg::Pos(Expr::Const(field))) => field
                .value
                .as_str()
                .map(|field| Part::Name(field.to_owned())),
            _ => None,
        });
        found(compared);
        let mut used = record();
        used.extend(behind.iter().cloned());
        found(used);
        self.arguments(call.args.get(1..).unwrap_or_default());
    }
}

fn end(node: &Expr<'_>) -> usize {
    node.span().end_offset as usize
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
