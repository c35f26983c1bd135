//! What rows of JSON look like, so far as that can be seen in their file.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Severity;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::Path;
use crate::playbook::DataFile;
use crate::playbook::DataFormat;
use crate::playbook::rows::Glimpse;

const NOTHING_FOUND: Code = Code("nothing_found");

/// The names that its rows have, all together, where all are maps; and what is wrong with the file.
pub fn attributes(file: &DataFile, glimpse: &Glimpse) -> (Option<Vec<String>>, Option<Problem>) {
    match glimpse {
        Glimpse::Nothing => (None, None),
        Glimpse::Rows(rows) => (names(rows), None),
        // A playbook may tolerate that.
        Glimpse::BadRow(bad) => {
            let problem = Problem {
                severity: Severity::Warning,
                ..bad.problem(file)
            };
            (None, Some(problem))
        }
        Glimpse::Document(document) => match &file.format {
            DataFormat::Json {
                select: Some(select),
            } => match Path::parse(&select.value) {
                Ok(path) => (
                    names(path.find_in(document)),
                    leads_nowhere(file, select, &path, document),
                ),
                Err(_) => (None, None),
            },
            _ => (None, None),
        },
    }
}

fn names<'a>(rows: impl IntoIterator<Item = &'a Json>) -> Option<Vec<String>> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        names.extend(row.as_object()?.keys().map(String::as_str));
    }
    (!names.is_empty()).then(|| names.into_iter().map(str::to_owned).collect())
}

/// A name at the beginning of a JSONPath that the file does not have. That a list is empty is no mistake.
fn leads_nowhere(
    file: &DataFile,
    select: &Located<String>,
    path: &Path,
    document: &Json,
) -> Option<Problem> {
    let mut at = document;
    for name in path.leading_names() {
        let Some(next) = at.get(name) else {
            let known: Vec<&str> = match at {
                Json::Object(entries) => entries.keys().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            let help = did_you_mean(name, known.iter().copied()).or_else(|| match at {
                Json::Array(_) => Some("a list is gone through with `[*]`".to_owned()),
                _ if known.is_empty() => None,
                _ => Some(format!("there are {}", all_of(known))),
            });
            return Some(
                Problem::warning(
                    NOTHING_FOUND,
                    format!("`{}` finds nothing in `{}`", select.value, file.name()),
                )
                .at(select.span, format!("there is no `{name}`"))
                .help_if(help),
            );
        };
        at = next;
    }
    None
}
