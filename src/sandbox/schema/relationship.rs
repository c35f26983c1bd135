//! Relationships and the links that lead through them. A link belongs to one module; a relationship joins two.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use super::Field;

#[derive(Debug)]
pub(crate) struct Relationship {
    pub(crate) lhs_module: String,
    pub(crate) rhs_module: String,
    pub(crate) shape: Shape,
    /// As `/metadata` prints it.
    pub(crate) definition: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Join(JoinTable),
    /// The right record holds the left one's id in this column.
    Column {
        column: String,
        role: Option<Role>,
    },
}

#[derive(Debug)]
pub(crate) struct JoinTable {
    pub(crate) table: String,
    pub(crate) lhs_key: String,
    pub(crate) rhs_key: String,
    pub(crate) role: Option<Role>,
    /// Columns of the relation itself, such as `contact_role`.
    pub(crate) columns: BTreeMap<String, Field>,
    /// The side of which a record has at most one (a contact's account), though the table could hold more.
    pub(crate) single: Option<Side>,
}

/// A column that says for which module a row of a shared table or a flex relate counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) column: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Lhs,
    Rhs,
}

/// A relationship seen from one of its modules.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) relationship: String,
    /// The side this module stands on.
    pub(crate) near: Side,
    /// The module at the other end.
    pub(crate) module: String,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Lhs => Self::Rhs,
            Self::Rhs => Self::Lhs,
        }
    }
}

impl JoinTable {
    pub(crate) fn key(&self, side: Side) -> &str {
        match side {
            Side::Lhs => &self.lhs_key,
            Side::Rhs => &self.rhs_key,
        }
    }
}
