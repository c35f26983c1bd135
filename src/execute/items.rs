//! The items of a step, one page after the other, wherever they come from.

use serde_json::Value as Json;

use crate::check::Checked;
use crate::check::CheckedStep;
use crate::check::Items;
use crate::diag::Row;
use crate::expr::Failure;
use crate::expr::ItemList;
use crate::expr::ItemSource;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::playbook::DataFile;
use crate::playbook::rows;
use crate::playbook::rows::DataRow;
use crate::playbook::rows::RowError;
use crate::playbook::rows::Rows;
use crate::runfile::KeptRow;
use crate::runfile::KeptRows;

/// An item as it comes from its source.
pub(super) struct RawItem {
    pub(super) source: ItemSource,
    pub(super) row: Option<Row>,
    /// Why it cannot be used: a row that does not read, an expression that fails.
    pub(super) bad: Option<Failure>,
}

impl RawItem {
    /// As it is kept for when its step can be expanded.
    pub(super) fn keep(self) -> KeptRow {
        KeptRow {
            place: self.row,
            value: match (self.bad, self.source) {
                (Some(failure), _) => Err(failure.to_string()),
                (None, ItemSource::Value(value)) => Ok(value),
                (None, ItemSource::Item { .. }) => Ok(Json::Null),
            },
        }
    }
}

/// A walk over a step's items.
pub(super) enum ItemWalk<'a> {
    Once(Option<()>),
    List(ItemList<'a>),
    Literal {
        trees: std::slice::Iter<'a, crate::expr::Tree>,
        scope: &'a Scope,
    },
    File {
        rows: Box<Rows>,
        name: String,
    },
    /// What a search found in a file.
    Found {
        rows: std::vec::IntoIter<DataRow>,
        name: String,
    },
    /// Rows that the plan kept.
    Kept(Box<KeptRows>),
}

impl<'a> ItemWalk<'a> {
    /// Fails with [`Failure::Unknown`] where the list depends on what is not known yet.
    pub(super) fn open(
        checked: &Checked,
        step: &'a CheckedStep,
        scope: &'a Scope,
        kept: Option<KeptRows>,
    ) -> Result<Self, Failure> {
        if let Some(kept) = kept {
            return Ok(Self::Kept(Box::new(kept)));
        }
        Ok(match &step.items {
            None => Self::Once(Some(())),
            Some(Items::Template(template)) => Self::List(ItemList::of_template(template, scope)?),
            Some(Items::Path { path, .. }) => Self::List(ItemList::of_path(path, scope)?),
            Some(Items::Literal(trees)) => Self::Literal {
                trees: trees.iter(),
                scope,
            },
            Some(Items::File(file)) => {
                let rows =
                    rows::open(file, &checked.reach).map_err(|error| unreadable(file, &error))?;
                Self::File {
                    rows: Box::new(rows),
                    name: file.name(),
                }
            }
            Some(Items::Searched { file, path }) => {
                let found = rows::found(file, &checked.reach, |document| path.find_in(document))
                    .map_err(|error| unreadable(file, &error))?;
                Self::Found {
                    rows: found.into_iter(),
                    name: file.name(),
                }
            }
        })
    }

    pub(super) fn page(&mut self, size: usize) -> Vec<RawItem> {
        let mut page = Vec::new();
        while page.len() < size {
            let Some(item) = self.next_item() else { break };
            page.push(item);
        }
        page
    }

    fn next_item(&mut self) -> Option<RawItem> {
        let good = |source| RawItem {
            source,
            row: None,
            bad: None,
        };
        let bad = |failure, row| RawItem {
            source: ItemSource::Value(Json::Null),
            row,
            bad: Some(failure),
        };
        match self {
            Self::Once(once) => once.take().map(|()| good(ItemSource::Value(Json::Null))),
            Self::List(list) => Some(match list.next()? {
                Ok(source) => good(source),
                Err(failure) => bad(failure, None),
            }),
            Self::Literal { trees, scope } => Some(match trees.next()?.eval(scope) {
                Ok(Rendered::Value(value)) => good(ItemSource::Value(value)),
                Ok(Rendered::Omit) => return self.next_item(),
                Err(failure) => bad(failure, None),
            }),
            Self::Kept(rows) => Some(match rows.next_row().transpose()? {
                Ok(KeptRow { place, value }) => match value {
                    Ok(value) => RawItem {
                        source: ItemSource::Value(value),
                        row: place,
                        bad: None,
                    },
                    Err(message) => bad(Failure::Row(message), place),
                },
                Err(error) => bad(
                    Failure::Template {
                        message: error.to_string(),
                        span: None,
                    },
                    None,
                ),
            }),
            Self::Found { rows, name } => {
                let row = rows.next()?;
                Some(RawItem {
                    source: ItemSource::Value(row.value),
                    row: Some(Row {
                        file: name.clone(),
                        line: row.line,
                    }),
                    bad: None,
                })
            }
            Self::File { rows, name } => Some(match rows.next()? {
                Ok(row) => RawItem {
                    source: ItemSource::Value(row.value),
                    row: Some(Row {
                        file: name.clone(),
                        line: row.line,
                    }),
                    bad: None,
                },
                Err(row) => bad(
                    Failure::Row(row.reason.to_string()),
                    Some(Row {
                        file: name.clone(),
                        line: row.line,
                    }),
                ),
            }),
        }
    }
}

fn unreadable(file: &DataFile, error: &RowError) -> Failure {
    Failure::Template {
        message: error.problem(file).message,
        span: Some(file.path.span),
    }
}
