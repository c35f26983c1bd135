//! The run file as renderings see it: already in the words of reports, and behind the curtain.

mod batches;
mod groups;
mod keys;
mod limits;
mod operations;

use std::collections::BTreeMap;

pub(super) use batches::Batches;
pub(super) use batches::Scale;
pub(super) use groups::FieldChanges;
pub(super) use groups::Group;
pub(super) use groups::StepChanges;
pub(super) use limits::Limit;
use sha2::Digest as _;
use sha2::Sha256;

use super::Diagnostic;
use super::Estimate;
use super::InstanceReport;
use super::Outcome;
use super::PlaybookReport;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::RequestCounts;
use super::RunReport;
use super::Severity;
use super::SteeredReport;
use super::StepReport;
use super::Summary;
use super::estimate;
use super::model::StepAside;
use super::model::VERSION;
use super::outcome;
use super::outcome::Standing;
use super::places::Place;
use super::places::Places;
use super::privacy::Curtain;
use super::privacy::Of;
use super::privacy::Personal;
use super::stored;
use super::text;
use crate::metadata::Mark;
use crate::operation::Action;
use crate::operation::State;
use crate::runfile::Ending;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::StepView;
use crate::runfile::Which;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

const UPSERT: &str = Action::Upsert.as_str();

/// The code of the diagnostic that a failure stopped the run. The failure itself is told where it is.
pub(super) const STOPPED: &str = "stopped";

/// Operations read at once, so that memory does not grow with the run.
const PAGE: u32 = 1000;

pub(super) struct Source<'a> {
    view: &'a RunView,
    header: Header,
    pub(super) standing: Standing,
    pub(super) steps: Vec<StepView>,
    /// What the playbook calls steps that it gives a name, by their ids.
    names: BTreeMap<String, String>,
    curtain: Curtain,
}

impl<'a> Source<'a> {
    pub(super) fn open(view: &'a RunView, privacy: Privacy) -> Result<Self, ReportError> {
        let header = view.header()?;
        let standing = Standing::of(view)?;
        let mut source = Self {
            view,
            steps: standing.steps(view)?,
            standing,
            names: BTreeMap::new(),
            curtain: Curtain::new(privacy, &header, &view.salt()?.0),
            header,
        };
        for step in &mut source.steps {
            if let Some(count) = source.standing.unexpected.get(&step.id) {
                let expect = LocalLabel::Expect.as_str().to_owned();
                *step.labels.entry(expect).or_default() += count;
            }
        }
        let playbook = stored::playbook(&source.header.playbook);
        if let Some((playbook, _)) = &playbook {
            let named = playbook.steps.iter();
            let named = named.filter_map(|step| Some((step.id.value.clone(), step.name.clone()?)));
            source.names = named.collect();
        }
        if source.curtain.hides() {
            if let Some((playbook, _)) = &playbook {
                source.curtain.read(playbook);
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
                user: match self.standing.applied_by.last() {
                    Some(user) => user.clone(),
                    None => instance.user.clone(),
                },
                metadata_hash: instance.metadata_hash.clone(),
            },
            run: RunReport {
                id: self.header.run_id.clone(),
                file: self.file(),
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

    /// Everybody who wrote by it, and who planned it where that was another.
    pub(super) fn users(&self) -> String {
        let planner = &self.header.instance.user;
        match self.standing.applied_by.as_slice() {
            [] => planner.clone(),
            [only] if only == planner => planner.clone(),
            all if all.contains(planner) => all.join(", "),
            all => format!("{}, planned as {planner}", all.join(", ")),
        }
    }

    /// The run file, as it was named.
    fn file(&self) -> String {
        self.view.path().display().to_string()
    }

    /// A text that is no operation's.
    fn said(&self, of: Of<'_>, text: &str) -> String {
        let text = self.header.seals.shown(text);
        self.curtain.message(of, &text, &Personal::default())
    }

    /// Where the steps stand in the playbook. It is parsed for this, so once is enough.
    pub(super) fn places(&self) -> Places {
        Places::of(&self.header.playbook)
    }

    /// Where the limit is written by which the last command refused. One that was given to an apply, and that of an undo,
    /// stand in no playbook.
    fn exceeded_at(&self) -> Result<Option<Place>, ReportError> {
        let hindrance = self.view.hindrance();
        if !matches!(self.standing.ending, Some(Ending::Refused(_)))
            || hindrance.is_some_and(|by| !by.is_of_limit)
            || self.standing.undoes.is_some()
        {
            return Ok(None);
        }
        let given = self.view.given_limits()?.unwrap_or_default();
        let is_given = |name: &str| given.listed().any(|(known, _)| known == name);
        let exceeded = self.view.exceeded_limits()?;
        let mut written = exceeded
            .iter()
            .filter(|one| one.include.is_some() || !is_given(&one.name));
        let Some(first) = written.next() else {
            return Ok(None);
        };
        Ok(self.places().of_limit(first))
    }

    /// Whether personal data is hidden.
    pub(super) fn hides(&self) -> bool {
        self.curtain.hides()
    }

    /// Whether the instance's metadata say of any field that it is personal.
    pub(super) fn marks_personal(&self) -> bool {
        let modules = self.header.metadata.modules.values();
        let mut fields = modules.flat_map(|module| module.fields.values());
        fields.any(|field| field.is(Mark::Pii))
    }

    /// How the command line of the plan named the instance.
    pub(super) fn instance(&self) -> &Instance {
        &self.header.instance
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

    /// Failed operations with one of these labels that were never sent: it was found while planning.
    pub(super) fn failed_unsent(&self, labels: &[SugarLabel]) -> Result<u64, ReportError> {
        let labels: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
        Ok(self.view.failed_unsent(&labels)?)
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
            name: self.names.get(&step.id).cloned(),
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
                does: self.does(step)?,
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

    fn does(&self, step: &StepView) -> Result<String, ReportError> {
        let actions = match (&self.standing.undoes, step.verb.as_str()) {
            (Some(_), UPSERT) => self.view.actions(step.number)?,
            _ => Vec::new(),
        };
        let names: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
        Ok(match names.is_empty() {
            true => step.verb.clone(),
            false => names.join(" and "),
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
                let skipped = (State::Skipped, label.clone());
                let apart = match step.writes {
                    true => 0,
                    // Of reads it counts none but those that failed.
                    false => step.labelled.get(&skipped).copied().unwrap_or(0),
                };
                if *count > apart {
                    *summary.labels.entry(label.clone()).or_default() += count - apart;
                }
            }
        }
        summary
    }

    /// Once something is sent it is no plan any more, and progress says what is left.
    fn estimate(&self) -> Result<Option<Estimate>, ReportError> {
        match self.standing.stage {
            Stage::Plan if self.standing.passes_a_limit() => Ok(None),
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
                severity: problem.severity.into(),
                file: problem.file,
                line: problem.line,
                column: problem.column,
                end: None,
                step: problem.step,
            });
        }
        let advice = match &self.standing.ending {
            Some(Ending::Refused(_) | Ending::Denied(_)) => self.view.advice()?,
            _ => self.view.hindrance().and_then(|by| by.help.clone()),
        };
        let (code, reason) = match &self.standing.ending {
            Some(Ending::Stopped(reason)) => (STOPPED, reason),
            Some(Ending::Lost(reason)) => ("lost", reason),
            Some(Ending::Denied(reason)) => ("denied", reason),
            Some(Ending::Halted(reason)) => ("halted", reason),
            Some(Ending::Refused(reason)) => ("refused", reason),
            Some(Ending::Finished | Ending::Interrupted) | None => return Ok(diagnostics),
        };
        let code = self.view.hindrance().map_or(code, |by| by.code);
        let message = self.said(Of::default(), reason);
        if !diagnostics.iter().any(|known| known.message == message) {
            let place = self.exceeded_at()?;
            diagnostics.push(Diagnostic {
                code: code.to_owned(),
                severity: Severity::Error,
                message,
                help: advice.map(|advice| {
                    let apply = text::again("apply", &self.file(), &self.header.instance);
                    text::naming(&advice, &apply)
                }),
                line: place.as_ref().map(|place| place.line),
                column: place.as_ref().map(|place| place.column),
                file: place.map(|place| place.file),
                end: None,
                step: None,
            });
        }
        Ok(diagnostics)
    }
}

/// Whether a step may come to more than is counted of it: it waits for others, or some of its operations do.
pub(super) fn is_waiting(step: &StepView) -> bool {
    let deferred = step.counts.get(&State::Deferred).copied();
    step.writes && (!step.expanded || deferred.unwrap_or(0) > 0)
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

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    halves
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}
