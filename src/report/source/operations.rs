//! The operations of a step, a page at a time, in the words of reports.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::PAGE;
use super::Source;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Hanging;
use crate::report::OperationReport;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::RowReport;
use crate::report::SideEffect;
use crate::report::linked::Linked;
use crate::report::model::OperationAside;
use crate::report::privacy::Of;
use crate::report::privacy::Personal;
use crate::runfile::OperationView;
use crate::runfile::RunFileError;
use crate::runfile::StepView;
use crate::runfile::Which;

impl Source<'_> {
    /// A page of a step's operations, after the one numbered `after`, with the number to go on from.
    pub(in crate::report) fn page(
        &self,
        step: &StepView,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<(Vec<OperationReport>, Option<Seq>), ReportError> {
        let limit = limit.min(PAGE);
        let page = self.operations(step, which, after, limit)?;
        let more = (page.len() == limit as usize).then(|| page.last().map(|last| last.seq));
        let operations = page.into_iter().map(|found| self.operation(step, found));
        Ok((operations.collect(), more.flatten()))
    }

    /// Operations as the run file has them, but for the stand-ins of secrets.
    pub(super) fn operations(
        &self,
        step: &StepView,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<OperationView>, ReportError> {
        let mut page = self.view.operations(step.number, which, after, limit)?;
        let seals = &self.header.seals;
        if seals.is_empty() {
            return Ok(page);
        }
        for found in &mut page {
            for fields in [&mut found.before, &mut found.after] {
                fields.values_mut().for_each(|value| seals.show_in(value));
            }
            found.key = seals.shown(&found.key);
            found.message = found.message.as_deref().map(|text| seals.shown(text));
        }
        Ok(page)
    }

    /// The first operations of a step, one after the other, a page in memory at a time.
    pub(in crate::report) fn first(
        &self,
        step: &StepView,
        which: Which,
        limit: u64,
        mut see: impl FnMut(OperationReport) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let mut after = None;
        let mut left = limit;
        while left > 0 {
            let wanted = u32::try_from(left).unwrap_or(u32::MAX);
            let (page, more) = self.page(step, which, after, wanted)?;
            left = left.saturating_sub(page.len() as u64);
            page.into_iter().try_for_each(&mut see)?;
            match more {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        Ok(())
    }

    /// The first operations of a step that ended so, with this label or none.
    pub(in crate::report) fn first_wrong(
        &self,
        step: &StepView,
        outcome: Outcome,
        label: Option<&str>,
        limit: u32,
    ) -> Result<Vec<OperationReport>, ReportError> {
        let found = self.view.first_labelled(step.number, label, limit)?;
        let found = found.into_iter().map(|seq| self.at(step, seq));
        found
            .filter(|one| one.as_ref().map_or(true, |one| one.outcome == outcome))
            .collect()
    }

    /// What hangs on all records that are deleted, by link.
    pub(in crate::report) fn unlinked(&self) -> Result<BTreeMap<String, u64>, ReportError> {
        let metadata = &self.header.metadata;
        let mut unlinked: BTreeMap<String, u64> = BTreeMap::new();
        for (module, link, count) in self.view.hanging()? {
            if metadata.hanging_links(&module).contains(&link.as_str()) {
                *unlinked.entry(link).or_default() += count;
            }
        }
        Ok(unlinked)
    }

    /// One operation of a step, which must be there.
    pub(in crate::report) fn at(
        &self,
        step: &StepView,
        seq: Seq,
    ) -> Result<OperationReport, ReportError> {
        let before = Some(Seq(seq.0 - 1));
        let (page, _) = self.page(step, Which::All, before, 1)?;
        page.into_iter()
            .next()
            .ok_or_else(|| RunFileError::inconsistent("an operation is not there any more").into())
    }

    fn operation(&self, step: &StepView, found: OperationView) -> OperationReport {
        let module = found.module.as_deref().or(step.module.as_deref());
        let of = Of {
            step: Some(&step.id),
            module,
        };
        let personal = self.curtain.personal(of, [&found.before, &found.after]);
        let aside = OperationAside {
            module: module.map(str::to_owned),
            changed: changed(&self.header.metadata, module, &found.before, &found.after),
            link: Linked::of(found.change.as_ref(), &found.before, |fields| {
                self.curtain.composed_map(fields)
            }),
            below: found
                .change
                .as_ref()
                .and_then(Change::parent)
                .map(|parent| {
                    format!(
                        "below {} {} through {}",
                        parent.module, parent.record, parent.link
                    )
                }),
            hanging: match found.action {
                Action::Delete => hanging(&self.header.metadata, module, &found.before),
                _ => BTreeMap::new(),
            },
        };
        let message = found.message.as_deref();
        OperationReport {
            key: self.curtain.key(&step.id, &found.key, &personal),
            message: message.map(|text| self.curtain.message(of, text, &personal)),
            before: self.curtain.fields(of, &found.before, &personal),
            after: match found.action {
                // What a call sends is of no module that anybody knows.
                Action::Call => self.curtain.composed_map(&found.after),
                _ => self.curtain.fields(of, &found.after, &personal),
            },
            side_effects: self.side_effects(of, &found.side_effects, &personal),
            depends_on: found
                .depends_on
                .iter()
                .map(|name| self.curtain.name(name, &personal))
                .collect(),
            record: found.record.map(|id| self.curtain.text(&id, &personal)),
            action: found.action,
            outcome: self.standing.outcome(found.state),
            label: found.label.map(|label| self.label(&label)),
            status: found.status,
            reversible: found.reversible,
            batch: found.batch,
            attempts: match (found.action, found.status) {
                // What a read is asked in is no batch that is counted; that it was answered, its status says.
                (Action::Read, Some(_)) => found.attempts.max(1),
                _ => found.attempts,
            },
            row: found.row.map(|row| RowReport {
                file: self.curtain.text(&row.file, &Personal::default()),
                line: row.line,
            }),
            aside,
        }
    }

    fn side_effects(
        &self,
        whose: Of<'_>,
        stored: &Map<String, Json>,
        personal: &Personal,
    ) -> BTreeMap<String, SideEffect> {
        let side = |which: &str| -> Map<String, Json> {
            let of = |value: &Json| value.get(which).cloned().unwrap_or_default();
            stored
                .iter()
                .map(|(name, value)| (name.clone(), of(value)))
                .collect()
        };
        let mut after = self.curtain.fields(whose, &side("after"), personal);
        let before = self.curtain.fields(whose, &side("before"), personal);
        before
            .into_iter()
            .map(|(name, before)| {
                let after = after.remove(&name).unwrap_or_default();
                (name, SideEffect { before, after })
            })
            .collect()
    }
}

/// What hangs on a record that is deleted, by link.
fn hanging(
    metadata: &Metadata,
    module: Option<&str>,
    before: &Map<String, Json>,
) -> BTreeMap<String, u64> {
    let links = module.map_or_else(Vec::new, |module| metadata.hanging_links(module));
    let hanging = Hanging::from_map(before, |name| links.contains(&name));
    let counts = hanging.counts();
    counts
        .map(|(link, count)| (link.to_owned(), count))
        .collect()
}

pub(super) fn changed(
    metadata: &Metadata,
    module: Option<&str>,
    before: &Map<String, Json>,
    after: &Map<String, Json>,
) -> Vec<String> {
    after
        .iter()
        .filter(|(name, value)| {
            let field = module.and_then(|module| metadata.field(module, name));
            same(field, value, before.get(*name)) != Verdict::Same
        })
        .map(|(name, _)| name.clone())
        .collect()
}
