//! What a template refers to, found in its tree without running it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::Call;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Filter;
use minijinja::machinery::ast::ForLoop;
use minijinja::machinery::ast::Spanned;
use minijinja::machinery::ast::Stmt;

use super::attributes;
use super::attributes::Looked;
use super::compare::COMPARE;
use super::compared;
use super::compared::Comparison;
use super::compared::Sign;
use super::compared::Takes;
use super::dates;
use super::search;
use super::slips::Slip;
use super::syntax::Parsed;

/// What a loop calls itself.
const LOOP: &str = "loop";

/// A name with what follows it: `steps.accounts.by_key[row.code].id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub root: Cow<'static, str>,
    pub parts: Box<[Part]>,
    /// Bytes of the template's text.
    pub range: Range<usize>,
    pub extent: Extent,
}

/// How much is used of what a reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Of a list only what other references name: `{% for r in steps.stale.records %}{{ r.name }}`.
    Parts,
    /// All of it, where it is what is meant: one of several with the same range, of which a condition chooses.
    Either,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Name(String),
    /// A number, or a key that is computed: which one cannot be seen.
    Index,
    /// What `group` makes of a list: `{key, records}` for each value.
    Groups,
    /// What `batch` and `slice` make of a list: lists of its items.
    Batches,
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
        // In a playbook that includes none, names are full.
        if self.root != "steps" || (names.prefix.is_empty() && names.includes.is_empty()) {
            return;
        }
        let written = self.parts.iter().map_while(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Index | Part::Groups | Part::Batches => None,
        });
        if let Some((id, taken)) = names.full(written) {
            let mut parts = std::mem::take(&mut self.parts).into_vec();
            parts.splice(..taken, [Part::Name(id)]);
            self.parts = parts.into();
        }
    }

    /// The name at a place behind the root, if it can be seen.
    pub fn name(&self, place: usize) -> Option<&str> {
        match self.parts.get(place) {
            Some(Part::Name(name)) => Some(name),
            Some(Part::Index | Part::Groups | Part::Batches) | None => None,
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
    pub(super) name: Cow<'a, str>,
    pub(super) range: Range<usize>,
    pub(super) arguments: Vec<Argument>,
}

/// What a call is given, without the value that a filter or test is put behind.
#[derive(Debug)]
pub(super) enum Argument {
    /// With its value and place, where it is written out.
    Value(Option<Value>, Range<usize>),
    Named(String),
    /// `*list`: how many they are cannot be seen.
    Spread,
}

impl Argument {
    fn all(list: &[CallArg<'_>]) -> Vec<Self> {
        list.iter()
            .map(|argument| match argument {
                CallArg::Pos(Expr::Const(literal)) => {
                    let span = literal.span();
                    let range = span.start_offset as usize..span.end_offset as usize;
                    Self::Value(Some(literal.value.clone()), range)
                }
                CallArg::Pos(_) => Self::Value(None, 0..0),
                CallArg::Kwarg(name, _) => Self::Named((*name).to_owned()),
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => Self::Spread,
            })
            .collect()
    }
}

/// Everything a template names.
pub(super) struct Named<'a> {
    pub(super) references: Vec<Reference>,
    pub(super) calls: Vec<Called<'a>>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) slips: Vec<(Slip, Range<usize>)>,
    pub(super) gives: Gives,
}

/// What a template gives that is one expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// What the last of its references leads to, or of that list some items.
    Referred,
    /// What is written out: it names nothing, and asks no function.
    Constant,
    Other,
}

/// A name that a `for` or `set` binds.
struct Bound<'a> {
    name: &'a str,
    /// What it is, where that can be seen: an item of a list.
    item: Option<Traced>,
}

/// What an expression leads to, before it is known what is used of that.
#[derive(Debug, Clone)]
struct Traced {
    root: Cow<'static, str>,
    parts: Vec<Part>,
    range: Range<usize>,
    /// What it may be as well.
    or: Option<Box<Traced>>,
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

    fn item(&self) -> Self {
        self.clone().followed(Part::Index)
    }
}

pub(super) fn of<'a>(parsed: &Parsed<'a>, text: &str) -> Named<'a> {
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

struct Finder<'a, 't> {
    text: &'t str,
    found: Vec<Reference>,
    calls: Vec<Called<'a>>,
    comparisons: Vec<Comparison>,
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

    fn bound(&self, name: &str) -> Option<&Bound<'a>> {
        self.bound.iter().rev().find(|bound| bound.name == name)
    }

    fn refers(&mut self, traced: Traced, extent: Extent) {
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

    fn expression(&mut self, node: &Expr<'a>) {
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
                let compared = self.operand(&test.expr);
                if let Some((of, (sign, takes))) = compared.zip(compared::sign(test.name))
                    && let Some(texts) = compared::argument(test.args.first(), takes)
                {
                    self.comparisons.push(Comparison { of, sign, texts });
                }
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

    /// The tree does not say where a name stands, only what stands before it.
    fn called(&mut self, callee: Callee, name: &'a str, behind: usize, args: &[CallArg<'a>]) {
        let rest = self.text.get(behind..).unwrap_or_default();
        let start = behind + rest.find(name).unwrap_or_default();
        self.calls.push(Called {
            callee,
            name: Cow::Borrowed(name),
            range: start..start + name.len(),
            arguments: Argument::all(args),
        });
    }

    /// What `syntax` makes of `a == b`: the first value, and each further one behind its sign.
    fn compared(&mut self, args: &[CallArg<'a>]) {
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
            if let Some((sign, takes)) = sign.value.as_str().and_then(compared::sign) {
                let behind = left_of.clone().zip(compared::written(right, takes));
                let before = right_of.clone().zip(compared::written(left, Takes::One));
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

    /// Finds what an operand names, and where the path stands that it is, if it is one.
    fn operand(&mut self, node: &Expr<'a>) -> Option<Range<usize>> {
        let traced = self.traced(node)?;
        let range = traced.range.clone();
        self.refers(traced, Extent::Whole);
        Some(range)
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

    /// Follows `a.b["c"][d] | first` down to its root. What stands beside the way is found at once, what it leads to is
    /// for the caller to say.
    fn traced(&mut self, node: &Expr<'a>) -> Option<Traced> {
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

    /// A filter or test that a filter applies to each item, where a literal names it.
    fn applied(&mut self, filter: &Filter<'a>) {
        let (callee, place) = match filter.name {
            "map" => (Callee::Filter, 0),
            "select" | "reject" => (Callee::Test, 0),
            "selectattr" | "rejectattr" => (Callee::Test, 1),
            _ => return,
        };
        if let Some(CallArg::Pos(Expr::Const(literal))) = filter.args.get(place)
            && let Some(name) = literal.value.as_str()
        {
            if let [CallArg::Pos(attribute), _, argument, ..] = &*filter.args
                && let Some((sign, takes)) = compared::sign(name)
                && let Some(texts) = compared::argument(Some(argument), takes)
            {
                let span = attribute.span();
                let of = span.start_offset as usize..span.end_offset as usize;
                self.comparisons.push(Comparison { of, sign, texts });
            }
            let span = literal.span();
            self.calls.push(Called {
                callee,
                name: Cow::Owned(name.to_owned()),
                range: span.start_offset as usize..span.end_offset as usize,
                arguments: Argument::all(&filter.args[place + 1..]),
            });
        }
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

/// Nearly always one of two names, which are not kept ten thousand times.
pub(super) fn root(name: &str) -> Cow<'static, str> {
    match name {
        "steps" => Cow::Borrowed("steps"),
        "vars" => Cow::Borrowed("vars"),
        other => Cow::Owned(other.to_owned()),
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

fn range(node: &Expr<'_>) -> Range<usize> {
    let span = node.span();
    span.start_offset as usize..span.end_offset as usize
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
