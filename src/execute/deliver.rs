//! One batch to the instance: sent, split where it is too large, repeated where that is safe.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::ExecuteError;
use super::Wish;
use super::ask::pause;
use super::ask::stop;
use super::patience::Health;
use super::patience::Next;
use super::steer::Measured;
use super::steer::Verdict;
use crate::batch;
use crate::batch::Batch;
use crate::batch::Carried;
use crate::batch::Entry;
use crate::batch::share_a_record;
use crate::client::ClientError;
use crate::client::Failure;
use crate::client::Writer;
use crate::expr::Seq;
use crate::runfile::ClientIds;
use crate::wire::Answer;
use crate::wire::Body;
use crate::wire::Fault;
use crate::wire::Reaction;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// Whether an attempt that brought no answer may have been done all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    PerhapsDone,
}

/// What is known of an entry at the end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Answer(Answer<Body>),
    Fault(Fault),
    /// The run was stopped before an answer came.
    Nothing,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) member: Seq,
    pub(super) carried: Carried,
    /// The records at the far end that its request was about.
    pub(super) others: Arc<[RecordId]>,
    pub(super) said: Said,
    pub(super) doubt: Doubt,
    /// How often it was sent.
    pub(super) sent: u32,
}

/// Everything that became of a batch.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) told: Vec<Told>,
    /// Each attempt, for steering.
    pub(super) measured: Vec<Measured>,
    /// Why nothing more can be sent at all.
    pub(super) end: Option<ExecuteError>,
}

/// What a delivery needs beside its batch.
#[derive(Clone)]
pub(super) struct Courier {
    pub(super) writer: Arc<Writer>,
    pub(super) health: Health,
    pub(super) ids: ClientIds,
    pub(super) wish: watch::Receiver<Wish>,
    /// `retry` of the steps in the batch: the most attempts and the longest first delay any of them asks for.
    pub(super) attempts: Option<u32>,
    pub(super) backoff: Option<Duration>,
    /// The beginning of the run.
    pub(super) began: Instant,
    pub(super) measured: Vec<Measured>,
}

struct Open {
    entry: Entry,
    told: Option<Said>,
    doubt: Doubt,
    sent: u32,
}

impl Open {
    /// What is told to each operation of the entry.
    fn told(self) -> impl Iterator<Item = Told> {
        let members = self.entry.members;
        // An answer may be large, and is mostly of one alone: the last one takes it as it is.
        let said = std::iter::repeat_n(self.told.unwrap_or(Said::Nothing), members.len());
        let (carried, doubt, sent) = (self.entry.carried, self.doubt, self.sent);
        let others: Arc<[RecordId]> = self.entry.request.others().into();
        members
            .into_iter()
            .zip(said)
            .map(move |(member, said)| Told {
                member,
                carried,
                others: Arc::clone(&others),
                said,
                doubt,
                sent,
            })
    }
}

impl Courier {
    pub(super) async fn deliver(mut self, batch: Batch) -> Delivered {
        let mut open: Vec<Open> = batch
            .entries
            .into_iter()
            .map(|entry| Open {
                entry,
                told: None,
                doubt: Doubt::None,
                sent: 0,
            })
            .collect();
        let mut end = None;
        // Parts that are too large together are sent one behind the other.
        let mut parts: Vec<(usize, usize)> = vec![(0, open.len())];
        while let Some((from, to)) = parts.pop() {
            match self.part(&mut open[from..to]).await {
                Ok(()) => {}
                Err(PartEnd::TooLarge(fault)) if to - from == 1 => {
                    open[from].told = Some(Said::Fault(too_large(&fault)));
                }
                Err(PartEnd::TooLarge(_)) => {
                    let middle = from.midpoint(to);
                    parts.push((middle, to));
                    parts.push((from, middle));
                }
                Err(PartEnd::Stopped) => break,
                Err(PartEnd::Lost(error)) => {
                    end = Some(error);
                    break;
                }
            }
        }
        let told = open.into_iter().flat_map(Open::told).collect();
        Delivered {
            told,
            measured: self.measured,
            end,
        }
    }

    async fn part(&mut self, entries: &mut [Open]) -> Result<(), PartEnd> {
        let mut patience = self.health.patience(self.attempts, self.backoff);
        loop {
            let waiting: Vec<usize> = (0..entries.len())
                .filter(|place| entries[*place].told.is_none())
                .collect();
            if waiting.is_empty() {
                return Ok(());
            }
            for place in &waiting {
                entries[*place].sent += 1;
            }
            let requests = waiting
                .iter()
                .map(|place| Arc::clone(&entries[*place].entry.request))
                .collect();
            let sent = Instant::now();
            let came = self.writer.send(requests).await;
            self.measure(entries, &waiting, sent, &came);
            let fault = match came {
                Ok(answers) => {
                    let mut last = None;
                    let mut stop = None;
                    for (place, answer) in waiting.iter().zip(answers) {
                        match self.take(&mut entries[*place], answer) {
                            Some(fault) if fault.reaction() == Reaction::Stop => stop = Some(fault),
                            missed => last = missed.or(last),
                        }
                    }
                    if let Some(fault) = stop {
                        return Err(PartEnd::Lost(ExecuteError::Denied(fault)));
                    }
                    open_what_follows(entries);
                    last
                }
                Err(failure) => {
                    let doubt = failure.may_have_happened();
                    let fault = match failure {
                        Failure::Stop(error) => return Err(PartEnd::Lost(stopped(error))),
                        Failure::NotSent(fault) | Failure::Whole(fault) => fault,
                    };
                    match fault.reaction() {
                        Reaction::Split => return Err(PartEnd::TooLarge(fault)),
                        Reaction::Stop => return Err(PartEnd::Lost(ExecuteError::Denied(fault))),
                        Reaction::Repeat | Reaction::Login => {
                            for place in &waiting {
                                self.missed(&mut entries[*place], &fault, doubt);
                            }
                        }
                        Reaction::Fail | Reaction::Reread | Reaction::Metadata => {
                            for place in &waiting {
                                entries[*place].told = Some(Said::Fault(fault.clone()));
                            }
                        }
                    }
                    Some(fault)
                }
            };
            let left = entries.iter().filter(|open| open.told.is_none()).count();
            let Some(fault) = fault.filter(|_| left > 0) else {
                continue;
            };
            let next = tokio::select! {
                () = stop(self.wish.clone()) => return Err(PartEnd::Stopped),
                next = pause(self.writer.reader(), &mut patience, &self.health, &fault) => next,
            };
            match next {
                Next::After(_) => self.writer.reader().retried(left),
                // That no session is taken, however new, says nothing of what was to be sent.
                Next::GiveUp if fault.reaction() == Reaction::Login => {
                    return Err(PartEnd::Lost(ExecuteError::Denied(fault)));
                }
                Next::GiveUp => {
                    for open in entries.iter_mut().filter(|open| open.told.is_none()) {
                        open.told = Some(Said::Fault(fault.clone()));
                    }
                    return Ok(());
                }
                Next::Outage => return Err(PartEnd::Lost(ExecuteError::Lost(fault))),
            }
        }
    }

    fn measure(
        &mut self,
        entries: &[Open],
        sent: &[usize],
        when: Instant,
        came: &Result<Vec<Result<Answer<Body>, Fault>>, Failure>,
    ) {
        let Some(verdict) = verdict(came) else { return };
        let requests = || {
            sent.iter()
                .map(|place| entries[*place].entry.request.as_ref())
        };
        self.measured.push(Measured {
            at: self.began.elapsed(),
            took: when.elapsed(),
            records: batch::records_by_class(requests()),
            bytes: match verdict {
                Verdict::TooLarge => requests().map(batch::bytes).sum(),
                Verdict::Answered | Verdict::Refused => 0,
            },
            verdict,
        });
    }

    /// Keeps what settles an entry; gives the fault of one that is to be tried again, or that ends the run.
    fn take(&self, open: &mut Open, answer: Result<Answer<Body>, Fault>) -> Option<Fault> {
        match answer {
            Ok(answer) => {
                self.health.answered();
                open.told = Some(Said::Answer(answer));
                None
            }
            Err(fault) => match fault.reaction() {
                // A dead session says nothing of the entry.
                Reaction::Repeat | Reaction::Login => {
                    self.missed(open, &fault, fault.may_have_happened());
                    open.told.is_none().then_some(fault)
                }
                Reaction::Stop => Some(fault),
                Reaction::Fail | Reaction::Reread | Reaction::Metadata | Reaction::Split => {
                    self.health.answered();
                    open.told = Some(Said::Fault(fault));
                    None
                }
            },
        }
    }

    /// No answer came. A create that may have been done is not repeated unless its id is known to keep it single, and a
    /// call never is.
    fn missed(&self, open: &mut Open, fault: &Fault, may_have_happened: bool) {
        if !may_have_happened {
            return;
        }
        open.doubt = Doubt::PerhapsDone;
        let request = &open.entry.request;
        if request.is_call() || (request.creates() && self.ids != ClientIds::Honoured) {
            open.told = Some(Said::Fault(fault.clone()));
        }
    }
}

/// What comes after an entry that is to be repeated, and is about the same record, is repeated as well: its refusal may
/// only say that the other was missing, and its success would be overwritten. Creates that are done stay done.
fn open_what_follows(entries: &mut [Open]) {
    for place in 0..entries.len() {
        let (before, rest) = entries.split_at_mut(place);
        let Some(open) = rest.first_mut() else {
            continue;
        };
        let stays = match &open.told {
            None => true,
            Some(Said::Answer(_)) => open.entry.request.creates(),
            Some(Said::Fault(_) | Said::Nothing) => false,
        };
        let is_about = |earlier: &Open| {
            earlier.told.is_none() && share_a_record(&earlier.entry.request, &open.entry.request)
        };
        if !stays && before.iter().any(is_about) {
            if let Some(Said::Answer(_)) = open.told {
                open.doubt = Doubt::PerhapsDone;
            }
            open.told = None;
        }
    }
}

/// What an attempt says of how much may be sent; nothing, where there was no way to the instance.
fn verdict(came: &Result<Vec<Result<Answer<Body>, Fault>>, Failure>) -> Option<Verdict> {
    match came {
        Ok(answers) => {
            let mut faults = answers.iter().filter_map(|answer| answer.as_ref().err());
            // One record that makes the instance stumble says nothing of how busy it is.
            let crowded = |fault: &Fault| asks_for_less(fault) || speaks_of_locks(fault);
            Some(match faults.any(crowded) {
                true => Verdict::Refused,
                false => Verdict::Answered,
            })
        }
        Err(Failure::Whole(fault)) => match fault.reaction() {
            Reaction::Split => Some(Verdict::TooLarge),
            Reaction::Repeat if asks_for_less(fault) || fault.status() == Some(500) => {
                Some(Verdict::Refused)
            }
            _ => None,
        },
        Err(Failure::NotSent(_) | Failure::Stop(_)) => None,
    }
}

fn asks_for_less(fault: &Fault) -> bool {
    matches!(fault.status(), Some(429 | 503))
}

/// Writes that got into each other's way in the database.
fn speaks_of_locks(fault: &Fault) -> bool {
    let text = fault.to_string().to_lowercase();
    fault.status() == Some(500) && (text.contains("deadlock") || text.contains("lock wait"))
}

enum PartEnd {
    TooLarge(Fault),
    Stopped,
    Lost(ExecuteError),
}

/// One entry that the instance takes in no batch, however the refusal was worded on the way.
fn too_large(fault: &Fault) -> Fault {
    Fault::Refused {
        status: fault.status().unwrap_or(413),
        label: SugarLabel::RequestTooLarge.into(),
        message: format!("this one request is too large for the instance: {fault}"),
        retry_after: None,
    }
}

fn stopped(error: ClientError) -> ExecuteError {
    ExecuteError::Client(error)
}
