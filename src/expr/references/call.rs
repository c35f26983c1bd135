//! What a template calls by name: filters, tests, functions, methods.

use std::borrow::Cow;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Filter;

use super::finder::Finder;

/// What a template calls by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum Callee {
    Filter,
    Test,
    Function,
    /// Of a value: `name.upper()`. No value of a playbook has any.
    Method,
}

/// A call, and where its name stands in the template's text.
#[derive(Debug)]
pub(in crate::expr) struct Called<'a> {
    pub(in crate::expr) callee: Callee,
    pub(in crate::expr) name: Cow<'a, str>,
    pub(in crate::expr) range: Range<usize>,
    pub(in crate::expr) arguments: Vec<Argument>,
}

/// What a call is given, without the value that a filter or test is put behind.
#[derive(Debug)]
pub(in crate::expr) enum Argument {
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

impl<'a> Finder<'a, '_> {
    /// The tree does not say where a name stands, only what stands before it.
    pub(super) fn called(
        &mut self,
        callee: Callee,
        name: &'a str,
        behind: usize,
        args: &[CallArg<'a>],
    ) {
        let rest = self.text.get(behind..).unwrap_or_default();
        let start = behind + rest.find(name).unwrap_or_default();
        self.calls.push(Called {
            callee,
            name: Cow::Borrowed(name),
            range: start..start + name.len(),
            arguments: Argument::all(args),
        });
    }

    /// A filter or test that a filter applies to each item, where a literal names it.
    pub(super) fn applied(&mut self, filter: &Filter<'a>) {
        let (callee, place) = match filter.name {
            "map" => (Callee::Filter, 0),
            "select" | "reject" => (Callee::Test, 0),
            "selectattr" | "rejectattr" => (Callee::Test, 1),
            _ => return,
        };
        if let Some(CallArg::Pos(Expr::Const(literal))) = filter.args.get(place)
            && let Some(name) = literal.value.as_str()
        {
            self.compared_of_each(name, &filter.args);
            let span = literal.span();
            self.calls.push(Called {
                callee,
                name: Cow::Owned(name.to_owned()),
                range: span.start_offset as usize..span.end_offset as usize,
                arguments: Argument::all(&filter.args[place + 1..]),
            });
        }
    }
}
