//! The run file as renderings see it: already in the words of reports, and behind the curtain.

mod batches;
mod failures;
mod groups;
mod limits;

use std::collections::BTreeMap;

pub(super) use batches::Batches;
pub(super) use batches::Scale;
pub(super) use groups::FieldChanges;
pub(super) use groups::Group;
pub(super) use groups::StepChanges;
use serde_json::Map;
use serde_json::Value as Json;
use sha2::Digest as _;
use sha2::Sha256;

use super::Diagnostic;
use super::Estimate;
use super::InstanceReport;
use super::OperationReport;
use super::Outcome;
use super::PlaybookReport;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::RequestCounts;
use super::RowReport;
use super::RunReport;
use super::Severity;
use super::SideEffect;
use super::SteeredReport;
use super::StepReport;
use super::Summary;
use super::estimate;
use super::linked::Linked;
use super::model::OperationAside;
use super::model::StepAside;
use super::model::VERSION;
use super::outcome;
use super::outcome::Standing;
use super::places::Places;
use super::privacy::Curtain;
use super::privacy::Of;
use super::privacy::Personal;
use super::stored;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::State;
use crate::runfile::Ending;
use crate::runfile::Header;
use crate::runfile::OperationView;
use crate::runfile::RunFileError;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::StepView;
use crate::runfile::Which;
use crate::wire::LocalLabel;

/// Operations read at once, so that memory does not grow with the run.
const PAGE: u32 = 1000;

/// Operations of a step looked at to see whether its keys are personal: one template makes them all.
const KEYS_LOOKED_AT: u32 = 200;

pub(super) struct Source<'a> {
    view: &'a RunView,
    header: Header,
    pub(super) standing: Standing,
    pub(super) steps: Vec<StepView>,
    curtain: Curtain,
}

impl<'a> Source<'a> {
    pub(super) fn open(view: &'a RunView, privacy: Privacy) -> Result<Self, ReportError> {
        let header = view.header()?;
        let mut source = Self {
            view,
            standing: Standing::of(view)?,
            steps: view.steps()?,
            curtain: Curtain::new(privacy, &header, &view.salt()?.0),
            header,
        };
        for step in &mut source.steps {
            if let Some(count) = source.standing.unexpected.get(&step.id) {
                let expect = LocalLabel::Expect.as_str().to_owned();
                *step.labels.entry(expect).or_default() += count;
            }
        }
        if source.curtain.hides() {
            if let Some((playbook, _)) = stored::playbook(&source.header.playbook) {
                source.curtain.read(&playbook);
            }
            source.find_personal_keys()?;
            source.hide_in_labels();
        }
        Ok(source)
    }

    /// The report; `operations` says what stands for those of a step.
    pub(super) fn report<O>(
        &self,
        operations: impl Fn(&StepView) -> Result<O, ReportError>,
    ) -> Result<Report<O>, ReportError> {
        let playbook = &self.header.playbook;
        let instance = &self.header.instance;
        let steps = self.steps.iter().map(|step| self.step(step, &operations));
        Ok(Report {
            version: VERSION,
            kind: self.standing.kind(),
            digest: self.view.digest()?,
            playbook: PlaybookReport {
                name: playbook.name.clone(),
                path: playbook.path.clone(),
                sha256: hexadecimal(&Sha256::digest(&playbook.text)),
            },
            instance: InstanceReport {
                url: instance.url.clone(),
                user: instance.user.clone(),
                metadata_hash: instance.metadata_hash.clone(),
            },
            run: RunReport {
                id: self.header.run_id.clone(),
                file: self.view.path().display().to_string(),
                started: self.header.started.clone(),
                finished: self.view.finished()?,
                limits: self
                    .view
                    .given_limits()?
                    .unwrap_or_default()
                    .listed()
                    .map(|(name, limit)| (name.to_owned(), limit))
                    .collect(),
            },
            result: self.standing.result(&self.steps),
            summary: self.summary(),
            requests: self.requests()?,
            estimate: self.estimate()?,
            steps: steps.collect::<Result<_, _>>()?,
            outputs: self
                .view
                .outputs()?
                .iter()
                .map(|(name, value)| {
                    let mut value = value.clone();
                    self.header.seals.show_in(&mut value);
                    (name.clone(), self.curtain.output(name, &value))
                })
                .collect(),
            diagnostics: self.diagnostics()?,
        })
    }

    /// A page of a step's operations, after the one numbered `after`, with the number to go on from.
    pub(super) fn page(
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
    fn operations(
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

    /// A text that is no operation's.
    fn said(&self, of: Of<'_>, text: &str) -> String {
        let text = self.header.seals.shown(text);
        self.curtain.message(of, &text, &Personal::default())
    }

    /// The first operations of a step, one after the other, a page in memory at a time.
    pub(super) fn first(
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

    /// Where the steps stand in the playbook. It is parsed for this, so once is enough.
    pub(super) fn places(&self) -> Places {
        Places::of(&self.header.playbook)
    }

    /// One operation of a step, which must be there.
    pub(super) fn at(&self, step: &StepView, seq: Seq) -> Result<OperationReport, ReportError> {
        let before = Some(Seq(seq.0 - 1));
        let (page, _) = self.page(step, Which::All, before, 1)?;
        page.into_iter()
            .next()
            .ok_or_else(|| RunFileError::inconsistent("an operation is not there any more").into())
    }

    /// Where the instance is.
    pub(super) fn site(&self) -> &str {
        &self.header.instance.url
    }

    /// The version of sugarmill that made the plan.
    pub(super) fn tool(&self) -> &str {
        &self.header.tool
    }

    pub(super) fn count(&self, step: &StepView, which: Which) -> Result<u64, ReportError> {
        Ok(self.view.count(step.number, which)?)
    }

    pub(super) fn failed_and_written(&self) -> Result<u64, ReportError> {
        Ok(self.view.failed_and_written()?)
    }

    pub(super) fn operation_count(&self) -> Result<u64, ReportError> {
        Ok(self.view.operation_count()?)
    }

    fn step<O>(
        &self,
        step: &StepView,
        operations: impl Fn(&StepView) -> Result<O, ReportError>,
    ) -> Result<StepReport<O>, ReportError> {
        let mut counts = BTreeMap::new();
        for (outcome, count) in counted(step) {
            *counts.entry(outcome).or_default() += count;
        }
        let mut labelled = BTreeMap::new();
        for ((state, label), count) in &step.labelled {
            let entry = labelled.entry((Outcome::from(*state), label.clone()));
            *entry.or_default() += count;
        }
        let of = of_step(step);
        let reason = step.reason.as_deref();
        Ok(StepReport {
            id: step.id.clone(),
            verb: step.verb.clone(),
            module: step.module.clone(),
            outcome: match self.standing.unexpected.contains_key(&step.id) {
                true => Outcome::Failed,
                false => outcome::of_step(step),
            },
            records: step.count.unwrap_or(step.records),
            counts,
            labels: step.labels.clone(),
            reason: match reason {
                Some(text) => Some(self.said(of, text)),
                None => self.waits_for(step)?,
            },
            operations: operations(step)?,
            aside: StepAside {
                labelled,
                skipped_reads: if step.writes {
                    0
                } else {
                    step.counts.get(&State::Skipped).copied().unwrap_or(0)
                },
                writes: step.writes,
                besides: self.view.besides(step.number)?,
            },
        })
    }

    /// Of a read that is deferred: its operations are not listed, so the step says what they wait for.
    fn waits_for(&self, step: &StepView) -> Result<Option<String>, ReportError> {
        if step.writes || outcome::of_step(step) != Outcome::Deferred {
            return Ok(None);
        }
        let (first, _) = self.page(step, Which::Deferred, None, 1)?;
        let needs = first.first().map(|first| first.depends_on.as_slice());
        Ok(needs.filter(|needs| !needs.is_empty()).map(|needs| {
            let names: Vec<String> = needs.iter().map(|need| format!("`{need}`")).collect();
            let have = if names.len() == 1 { "has" } else { "have" };
            format!("not known before {} {have} run", names.join(", "))
        }))
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            for (outcome, count) in counted(step) {
                *match outcome {
                    Outcome::Ok => &mut summary.ok,
                    Outcome::Unchanged => &mut summary.unchanged,
                    Outcome::Failed => &mut summary.failed,
                    Outcome::Skipped => &mut summary.skipped,
                    Outcome::Unknown => &mut summary.unknown,
                    Outcome::Planned => &mut summary.planned,
                    Outcome::Deferred => &mut summary.deferred,
                } += count;
            }
            for (label, count) in &step.labels {
                *summary.labels.entry(label.clone()).or_default() += count;
            }
        }
        summary
    }

    /// Once something is sent it is no plan any more, and progress says what is left.
    fn estimate(&self) -> Result<Option<Estimate>, ReportError> {
        match self.standing.stage {
            Stage::Plan => estimate::of(self.view, &self.header, &self.steps),
            Stage::Refused | Stage::Run => Ok(None),
        }
    }

    fn requests(&self) -> Result<RequestCounts, ReportError> {
        let requests = self.view.requests()?;
        Ok(RequestCounts {
            http: requests.http,
            bulk: requests.bulk,
            operations: requests.operations,
            retries: requests.retries,
            steered: self.view.steered()?.map(|steered| SteeredReport {
                slots: steered.slots as u64,
                batch_size: steered.entries as u64,
                byte_limit: steered.byte_limit.map(|bytes| bytes as u64),
            }),
        })
    }

    /// What was found beside operations, and why the run ended as it did.
    fn diagnostics(&self) -> Result<Vec<Diagnostic>, ReportError> {
        let mut diagnostics = Vec::new();
        for problem in self.view.problems()? {
            let step = problem.step.as_deref();
            let step = step.and_then(|name| self.steps.iter().find(|step| step.id == name));
            let of = step.map(of_step).unwrap_or_default();
            let shown = |text: &str| self.said(of, text);
            diagnostics.push(Diagnostic {
                message: shown(&problem.message),
                help: problem.help.as_deref().map(shown),
                code: problem.code,
                severity: Severity::stored(&problem.severity),
                file: problem.file,
                line: problem.line,
                column: problem.column,
                step: problem.step,
            });
        }
        let advice = match &self.standing.ending {
            Some(Ending::Refused(_)) => self.view.advice()?,
            _ => self.view.hindrance().and_then(|by| by.help.clone()),
        };
        let (code, reason) = match &self.standing.ending {
            Some(Ending::Stopped(reason)) => ("stopped", reason),
            Some(Ending::Lost(reason)) => ("lost", reason),
            Some(Ending::Refused(reason)) => ("refused", reason),
            Some(Ending::Finished | Ending::Interrupted) | None => return Ok(diagnostics),
        };
        let message = self.said(Of::default(), reason);
        if !diagnostics.iter().any(|known| known.message == message) {
            diagnostics.push(Diagnostic {
                code: code.to_owned(),
                severity: Severity::Error,
                message,
                help: advice,
                file: None,
                line: None,
                column: None,
                step: None,
            });
        }
        Ok(diagnostics)
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
            outcome: found.state.into(),
            label: found.label.map(|label| self.label(&label)),
            status: found.status,
            reversible: found.reversible,
            batch: found.batch,
            attempts: found.attempts,
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

    /// An unknown label is a text of the instance, and may hold anything.
    fn label(&self, label: &str) -> String {
        self.curtain.text(label, &Personal::default())
    }

    fn hide_in_labels(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        for step in &mut steps {
            step.labels = step
                .labels
                .iter()
                .map(|(label, count)| (self.label(label), *count))
                .collect();
            step.labelled = step
                .labelled
                .iter()
                .map(|((state, label), count)| ((*state, self.label(label)), *count))
                .collect();
        }
        self.steps = steps;
    }

    /// A step has personal keys where one of them holds a personal value of its operation, or the key of an operation
    /// it needs whose step has such keys. Steps come in the order of their needs, so one walk finds them all.
    fn find_personal_keys(&mut self) -> Result<(), ReportError> {
        for step in &self.steps {
            let looked_at = self.operations(step, Which::All, None, KEYS_LOOKED_AT)?;
            let is_personal = |found: &OperationView| {
                let of = Of {
                    step: Some(&step.id),
                    module: found.module.as_deref().or(step.module.as_deref()),
                };
                let personal = self.curtain.personal(of, [&found.before, &found.after]);
                let of_another = |name: &String| {
                    let (up, key) = name.strip_suffix(']')?.split_once('[')?;
                    Some(self.curtain.hides_keys_of(up) && found.key.contains(key))
                };
                self.curtain.text(&found.key, &personal) != found.key
                    || found.depends_on.iter().filter_map(of_another).any(|is| is)
            };
            if looked_at.iter().any(is_personal) {
                self.curtain.hide_keys_of(&step.id);
            }
        }
        Ok(())
    }
}

/// Operations by outcome, as the summary counts them: writes, and reads and asserts that failed.
pub(super) fn counted(step: &StepView) -> impl Iterator<Item = (Outcome, u64)> {
    step.counts
        .iter()
        .map(|(state, count)| (Outcome::from(*state), *count))
        .filter(|(outcome, count)| {
            let is_failed = matches!(outcome, Outcome::Failed | Outcome::Unknown);
            *count > 0 && (step.writes || is_failed)
        })
}

fn of_step(step: &StepView) -> Of<'_> {
    Of {
        step: Some(&step.id),
        module: step.module.as_deref(),
    }
}

fn changed(
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

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    halves
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}
