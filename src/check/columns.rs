//! The names behind an item: columns of a data file, what a record or a result has, keys of maps that are written out.

use std::collections::BTreeSet;

use super::checked::CheckedStep;
use super::checked::Items;
use super::known::Known;
use super::shape::Shape;
use super::shape::UNKNOWN_RESULT;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::diag::nearest;
use crate::expr::Reference;
use crate::expr::Template;
use crate::expr::Tree;
use crate::playbook::DataFile;
use crate::playbook::DataFormat;

pub(super) const UNKNOWN_COLUMN: Code = Code("unknown_column");

impl Known<'_> {
    /// What an item is can often be seen: a record, the result of another step, one of the maps that are written out.
    pub(super) fn part_of_item(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> Result<(), Problem> {
        let place = |problem: Problem| problem.at(template.span_of(&reference.range), "used here");
        if let (Some(Items::Literal(trees)), Some(name)) = (&step.items, reference.name(0)) {
            return written_out(trees, name).map_err(place);
        }
        let shape = self.item_of(step);
        let list = step.items.as_ref().and_then(Items::list);
        let through = list.and_then(|path| path.name(0));
        if let (Shape::Value("id"), Some(name)) = (shape, reference.name(0)) {
            return Err(place(
                Problem::error(
                    UNKNOWN_RESULT,
                    format!("an item is one id here, which has no `{name}`"),
                )
                .help(format!(
                    "write `{{{{ {item} }}}}` for the id, or go through the records: `for_each: \"{{{{ steps.{through}.records \
                     }}}}\"`",
                    item = step.item_name,
                    through = self.own(through.unwrap_or("X")),
                )),
            ));
        }
        let own = self.own(through.unwrap_or(&step.id));
        reference
            .parts
            .iter()
            .try_fold(shape, |shape, part| shape.follow(part, own))
            .map(|_| ())
            .map_err(place)
    }

    /// The `Mail` of `row.E-Mail`, where that is a column: of it is told already.
    pub(super) fn ends_a_column(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> bool {
        let before = template.text().get(..reference.range.end);
        let mut columns = self.headings.get(&step.id).into_iter().flatten();
        columns.any(|column| {
            let written = format!("{}.{column}", step.item_name);
            !is_plain(column) && before.is_some_and(|before| before.ends_with(&written))
        })
    }

    /// A column of a CSV file is known before a row is read.
    pub(super) fn column(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> Result<(), Problem> {
        let Some(Items::File(file) | Items::Searched { file, .. }) = &step.items else {
            return Ok(());
        };
        let (Some(heading), Some(name)) = (self.headings.get(&step.id), reference.name(0)) else {
            return Ok(());
        };
        let is_json = matches!(file.format, DataFormat::Json { .. } | DataFormat::Jsonl);
        if heading.iter().any(|column| column == name) {
            return Ok(());
        }
        let is_behind_dot = |column: &&String| {
            let text = template.text().get(reference.range.start..);
            let written = format!("{}.{column}", reference.root);
            !is_plain(column) && text.is_some_and(|text| text.starts_with(&written))
        };
        let behind_dot = heading.iter().filter(is_behind_dot);
        if let Some(column) = behind_dot.max_by_key(|column| column.len()) {
            let start = reference.range.start;
            let end = start + reference.root.len() + 1 + column.len();
            let what = if is_json { "attribute" } else { "column" };
            let message = format!("the {what} `{column}` cannot be named behind a dot");
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(template.span_of(&(start..end)), "used here")
                .help(format!("write `{}['{column}']`", reference.root)));
        }
        if let Some((delimiter, written)) = other_delimiter(file, heading) {
            let path = &file.path;
            let message = format!("all of the heading of `{}` is one column", file.name());
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(
                    path.span,
                    format!("its columns are separated by {delimiter}"),
                )
                .help(format!(
                    "write `{{ csv: {}, delimiter: \"{written}\" }}`",
                    path.value
                )));
        }
        if let ([only], DataFormat::Xlsx { .. }) = (heading.as_slice(), &file.format)
            && nearest(name, [only.as_str()]).is_none()
        {
            let message = format!("the first row of `{}` has one cell, `{only}`", file.name());
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(file.path.span, "that row names the columns")
                .help("delete the rows above the one that names the columns"));
        }
        let columns = all_of(heading.iter().map(String::as_str));
        let problem = match is_json {
            true => {
                // Rows need not be all alike. But what each of them prints, each of them must have.
                let is_needed = step.when.is_none()
                    && template.prints(&reference.range)
                    && !template.text().contains("{%");
                let message = format!("no row of `{}` has `{name}`", file.name());
                match is_needed {
                    true => Problem::error(UNKNOWN_COLUMN, message),
                    false => Problem::warning(UNKNOWN_COLUMN, message),
                }
            }
            false => Problem::error(
                UNKNOWN_COLUMN,
                format!("`{}` has no column `{name}`", file.name()),
            ),
        };
        Err(problem
            .at(template.span_of(&reference.range), "used here")
            .help(match nearest(name, heading.iter().map(String::as_str)) {
                Some(meant) if is_plain(meant) || is_in_brackets(template, reference) => {
                    format!("did you mean `{meant}`?")
                }
                Some(meant) => format!("did you mean `{}['{meant}']`?", reference.root),
                None if is_json => format!("they have {columns}"),
                None => format!("its columns are {columns}"),
            }))
    }
}

/// Whether a name can stand behind a dot.
fn is_plain(name: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_of_name) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn is_in_brackets(template: &Template, reference: &Reference) -> bool {
    let written = template.text().get(reference.range.clone());
    written.is_some_and(|written| written.contains('['))
}

/// What seems to separate columns in a heading of one column, in words and as it is written.
fn other_delimiter(file: &DataFile, heading: &[String]) -> Option<(&'static str, &'static str)> {
    let ([only], DataFormat::Csv { .. }) = (heading, &file.format) else {
        return None;
    };
    [
        (';', "`;`", ";"),
        ('\t', "tabs", "\\t"),
        ('|', "`|`", "|"),
        (',', "`,`", ","),
    ]
    .into_iter()
    .find(|(letter, ..)| only.contains(*letter))
    .map(|(_, words, written)| (words, written))
}

/// Items that are written out: a name that none of them has is a slip.
fn written_out(items: &[Tree], name: &str) -> Result<(), Problem> {
    if !items.is_empty() && items.iter().all(|item| item.scalar().is_some()) {
        return Err(Problem::error(
            UNKNOWN_COLUMN,
            format!("an item of the list is one value, which has no `{name}`"),
        )
        .help(
            "write the item's name alone for the value, or make each item a map: `- { id: a }`",
        ));
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        match item.map() {
            Some(entries) => known.extend(entries.iter().map(|(key, _)| key.value.as_str())),
            // What a template gives may have any name; a text or number has none, and may be meant for another `when`.
            None => return Ok(()),
        }
    }
    if known.is_empty() || known.contains(name) {
        return Ok(());
    }
    Err(
        Problem::error(UNKNOWN_COLUMN, format!("no item of the list has `{name}`")).help(
            did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("they have {}", all_of(known.iter().copied()))),
        ),
    )
}
