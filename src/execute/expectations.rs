//! `expect`: asked of reads when they are done, of writes when all of a step is final.

use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::Expectation;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::counted;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Own;
use crate::expr::Results;
use crate::expr::ResultsError;
use crate::expr::Scope;
use crate::expr::Seen;
use crate::expr::Seq;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Item;
use crate::plan::ended;
use crate::runfile::RunFileError;
use crate::wire::LocalLabel;

/// Reads judged at once.
const PAGE: u32 = 500;

const EXPECT: Code = Code(LocalLabel::Expect.as_str());

impl Engine<'_> {
    /// Asks the reads of a step that are done since it was asked last for what is expected of them; the unexpected ones
    /// become failed reads.
    pub(super) fn judge_reads(&mut self, step: &CheckedStep) -> Result<(), ExecuteError> {
        if !expects_of_reads(step) {
            return Ok(());
        }
        loop {
            let page = self.file.unjudged(step.number, PAGE)?;
            if page.is_empty() {
                return Ok(());
            }
            let mut failed = Vec::new();
            for seq in &page {
                failed.extend(self.verdict(step, *seq)?);
            }
            self.file.judged(&page, &failed)?;
        }
    }

    /// The failed read in the place of one that is not as expected.
    fn verdict(&self, step: &CheckedStep, seq: Seq) -> Result<Option<Operation>, ExecuteError> {
        // An item with an outcome already is deferred, failed or skipped.
        if self.file.state(seq)?.is_some() {
            return Ok(None);
        }
        let Some((key, row, source)) = self.file.item(seq)? else {
            return Ok(None);
        };
        let records = self.records_of(step, seq.index())?;
        let scope = self.scope_of_result(step, seq.index(), &source);
        Ok(unmet(step, records, &scope).map(|message| {
            let item = Item { seq, source, row };
            let base = ended(
                step,
                &item,
                key.unwrap_or_else(|| Key::from_index(seq.index())),
            );
            self.planner()
                .failed(step, base, LocalLabel::Expect.into(), message)
        }))
    }

    /// Records what write steps expected and did not get, in the place of what an earlier command found.
    pub(super) fn judge_expectations(&self) -> Result<(), ExecuteError> {
        self.file.forget_problems(EXPECT)?;
        for problem in self.judge_writes()? {
            self.file.add_problem(&problem, &Sources::default())?;
        }
        Ok(())
    }

    /// Asks settled write steps; gives what is not as expected.
    fn judge_writes(&self) -> Result<Vec<Problem>, ExecuteError> {
        let checked = self.checked;
        let mut found = Vec::new();
        for step in checked
            .steps
            .iter()
            .filter(|step| step.is_write() && !step.expect.is_empty())
        {
            let row = self.file.step(step.number)?;
            if !row.is_settled() {
                continue;
            }
            if step.items.is_some() {
                for index in 0..row.items {
                    let seq = Seq::new(step.number, index);
                    let Some((_, row, source)) = self.file.item(seq)? else {
                        continue;
                    };
                    if self.file.state(seq)?.is_some_and(State::is_good)
                        && let Some(message) = unmet(
                            step,
                            self.records_written(step, index)?,
                            &self.scope_of_result(step, index, &source),
                        )
                    {
                        let message = format!("{}: {message}", self.file.name_of(seq)?);
                        let problem = Problem::error(EXPECT, message).step(&step.id);
                        found.push(match row {
                            Some(row) => problem.row(row),
                            None => problem,
                        });
                    }
                }
            } else if let Some(message) =
                unmet(step, row.records, &self.world.scope_in(step.included))
            {
                found.push(Problem::error(EXPECT, message).step(&step.id));
            }
        }
        Ok(found)
    }

    /// A write is of one record, but for a call, which is answered with any number.
    fn records_written(&self, step: &CheckedStep, index: u64) -> Result<u64, ExecuteError> {
        match &step.action {
            CheckedAction::Write(CheckedWrite::Call { .. }) => self.records_of(step, index),
            _ => Ok(1),
        }
    }

    /// Where the step's own name means the result of the item.
    fn scope_of_result(&self, step: &CheckedStep, index: u64, source: &ItemSource) -> Scope {
        if step.items.is_none() {
            return self.planner().scope(step, source);
        }
        let own = Own {
            name: step.id.clone(),
            step: step.number,
            index,
        };
        self.world
            .expectation_scope(step.included, &step.item_name, source.clone(), own)
    }

    fn records_of(&self, step: &CheckedStep, index: u64) -> Result<u64, ExecuteError> {
        if step.items.is_none() {
            let results = self.world.results();
            let whole =
                Results::step(results.as_ref(), &step.id).map_err(|error| unreadable(&error))?;
            return Ok(whole.map_or(0, |step| step.count.unwrap_or(step.records)));
        }
        let item = self
            .world
            .results()
            .item(step.number, index)
            .map_err(|error| unreadable(&error))?;
        Ok(item.map_or(0, |item| item.records))
    }
}

/// Whether something is expected of each of a step's reads as soon as it is done.
pub(super) fn expects_of_reads(step: &CheckedStep) -> bool {
    !step.is_write() && !step.expect.is_empty()
}

fn unreadable(error: &ResultsError) -> ExecuteError {
    RunFileError::Inconsistent(error.to_string()).into()
}

/// The first expectation that does not hold, as a sentence.
fn unmet(step: &CheckedStep, records: u64, scope: &Scope) -> Option<String> {
    step.expect
        .iter()
        .find_map(|expectation| match expectation {
            Expectation::Count { min, max, .. } => {
                let fits =
                    min.is_none_or(|min| records >= min) && max.is_none_or(|max| records <= max);
                (!fits).then(|| {
                    let found = counted(records, "record");
                    format!("found {found}, expected {}", wanted(*min, *max))
                })
            }
            Expectation::Holds(template) => match template.holds(scope) {
                Ok(true) => None,
                Ok(false) => {
                    let seen = template.seen_of(&step.id, scope);
                    let seen: Vec<String> = seen.iter().map(found).collect();
                    let but = if seen.is_empty() { "" } else { ": " };
                    let seen = seen.join(", ");
                    Some(format!("`{}` does not hold{but}{seen}", template.text()))
                }
                Err(Failure::Unknown) => Some(format!(
                    "`{}` needs something that is not known",
                    template.text()
                )),
                Err(failure) => Some(format!("`{}`: {failure}", template.text())),
            },
        })
}

/// Values stand alone between backticks, and beside the name of their field: reports know by it which are personal.
fn found(seen: &Seen) -> String {
    let value = match &seen.value {
        Json::String(text) if text.is_empty() => return format!("`{}` is empty", seen.field),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("`{}` is `{value}`", seen.field)
}

fn wanted(min: Option<u64>, max: Option<u64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("exactly {min}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number".into(),
    }
}
