//! `SQLite` behind the modules: tables made from field definitions, expressions for every field, values both ways.

mod decimal;
mod decode;
mod encode;
mod expression;
mod projection;
mod sql;
mod tables;

pub(crate) use decimal::collate;
pub(crate) use decode::Decode;
pub(crate) use encode::encode;
pub(crate) use encode::text_of;
pub(crate) use expression::expression;
pub(crate) use projection::Projection;
pub(crate) use sql::Sql;
pub(crate) use tables::create;
