//! Filters that look at one attribute of each item of a list: which, and what they make of the list.

use minijinja::machinery::ast::CallArg;
use minijinja::machinery::ast::Expr;
use minijinja::machinery::ast::Filter;

/// What a filter gives of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Items of it, in some order.
    Items,
    One,
    /// All its items, in another form.
    Whole,
    /// Lists of its items.
    Batches,
    /// Only what the attributes say, or how many there are.
    Values,
}

pub(super) struct Looked<'e, 'a> {
    /// The literal that names attributes.
    pub(super) attribute: Option<&'e Expr<'a>>,
    pub(super) gives: Gives,
}

/// None, where a filter works with whole items, or where what it looks at cannot be seen.
pub(super) fn of<'e, 'a>(filter: &'e Filter<'a>) -> Option<Looked<'e, 'a>> {
    let (attribute, gives) = match filter.name {
        "list" | "reverse" => (None, Gives::Items),
        "first" | "last" => (None, Gives::One),
        "batch" | "slice" => (None, Gives::Batches),
        "length" | "count" => (None, Gives::Values),
        "selectattr" | "rejectattr" => (Some(first(&filter.args)?), Gives::Items),
        "sort" | "unique" => (Some(named(&filter.args)?), Gives::Items),
        "min" | "max" => (Some(named(&filter.args)?), Gives::One),
        "map" | "join" => (Some(named(&filter.args)?), Gives::Values),
        "sum" => (
            Some(first(&filter.args).or_else(|| named(&filter.args))?),
            Gives::Values,
        ),
        "groupby" => (
            Some(first(&filter.args).or_else(|| named(&filter.args))?),
            Gives::Whole,
        ),
        _ => return None,
    };
    Some(Looked { attribute, gives })
}

/// The names that a literal gives: sorting takes several, and each may lead on into a value.
pub(super) fn names<'e>(literal: &'e Expr<'_>) -> impl Iterator<Item = &'e str> {
    let text = match literal {
        Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    };
    text.into_iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

fn is_text(literal: &Expr<'_>) -> bool {
    names(literal).next().is_some()
}

fn first<'e, 'a>(args: &'e [CallArg<'a>]) -> Option<&'e Expr<'a>> {
    match args.first()? {
        CallArg::Pos(literal) if is_text(literal) => Some(literal),
        _ => None,
    }
}

fn named<'e, 'a>(args: &'e [CallArg<'a>]) -> Option<&'e Expr<'a>> {
    args.iter().find_map(|argument| match argument {
        CallArg::Kwarg("attribute", literal) if is_text(literal) => Some(literal),
        _ => None,
    })
}
