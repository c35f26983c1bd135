//! Sugar's filter language (fact sheet 3): read into conditions, translated to SQL with parameters.

mod operator;
mod parse;
mod relative;
mod test;
mod translate;

pub(crate) use operator::Operator;
pub(crate) use parse::Condition;
pub(crate) use parse::Test;
pub(crate) use parse::parse;
pub(crate) use relative::Relative;
pub(crate) use translate::push;
