//! Reads with patience: as few requests as `/bulk` allows, repeated while the instance cannot answer.

use std::time::Duration;

use crate::client::Asks;
use crate::client::Failure;
use crate::client::Reader;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Reaction;
use crate::wire::Read;

use tokio::sync::watch;

use super::ExecuteError;
use super::Wish;
use super::patience::Health;
use super::patience::Next;
use super::patience::Patience;
use super::patience::Wait;

/// Reads in one `/bulk` at most.
const AT_ONCE: usize = 50;

/// A reader that waits and asks again.
#[derive(Debug, Clone)]
pub struct Asker {
    reader: Reader,
    health: Health,
    wish: watch::Receiver<Wish>,
}

impl Asker {
    pub fn new(reader: Reader, health: Health, wish: watch::Receiver<Wish>) -> Self {
        Self {
            reader,
            health,
            wish,
        }
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Answers in the order of the reads. What is refused for good comes back as its fault.
    pub async fn all(&self, reads: Vec<Read>) -> Result<Vec<Result<Answer, Fault>>, ExecuteError> {
        let mut answers = Vec::with_capacity(reads.len());
        for part in reads.chunks(AT_ONCE) {
            answers.extend(self.unless_stopped(self.part(part.to_vec())).await??);
        }
        Ok(answers)
    }

    /// Waits for something that may be dropped without harm, as reads and delays may.
    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, ExecuteError> {
        tokio::select! {
            biased;
            () = stop(self.wish.clone()) => Err(ExecuteError::Interrupted),
            done = work => Ok(done),
        }
    }

    async fn part(&self, reads: Vec<Read>) -> Result<Vec<Result<Answer, Fault>>, ExecuteError> {
        let mut answers: Vec<Option<Result<Answer, Fault>>> = vec![None; reads.len()];
        let mut patience = self.health.patience(None, None);
        loop {
            let open: Vec<usize> = (0..reads.len())
                .filter(|place| answers[*place].is_none())
                .collect();
            if open.is_empty() {
                return Ok(answers.into_iter().flatten().collect());
            }
            let fault = match self
                .reader
                .send(open.iter().map(|place| reads[*place].clone()).collect())
                .await
            {
                Ok(found) => {
                    let mut last = None;
                    for (place, answer) in open.iter().zip(found) {
                        match answer {
                            // A dead session says nothing of the read.
                            Err(fault)
                                if matches!(
                                    fault.reaction(),
                                    Reaction::Repeat | Reaction::Login
                                ) =>
                            {
                                last = Some(fault);
                            }
                            Err(fault) if fault.reaction() == Reaction::Stop => {
                                return Err(ExecuteError::Denied(fault));
                            }
                            settled => {
                                self.health.answered();
                                answers[*place] = Some(settled);
                            }
                        }
                    }
                    match last {
                        Some(fault) => fault,
                        None => continue,
                    }
                }
                Err(Failure::Stop(error)) => return Err(error.into()),
                Err(Failure::NotSent(fault) | Failure::Whole(fault)) => match fault.reaction() {
                    Reaction::Repeat | Reaction::Login => fault,
                    Reaction::Split => {
                        let half = open.len().div_ceil(2);
                        for part in open.chunks(half.max(1)) {
                            let found = match part {
                                [_] if open.len() == 1 => vec![Err(fault.clone())],
                                part => {
                                    let part = part.iter().map(|place| reads[*place].clone());
                                    Box::pin(self.part(part.collect())).await?
                                }
                            };
                            for (place, answer) in part.iter().zip(found) {
                                answers[*place] = Some(answer);
                            }
                        }
                        continue;
                    }
                    Reaction::Fail | Reaction::Reread | Reaction::Metadata | Reaction::Stop => {
                        return Err(ExecuteError::Refused {
                            what: "a read".into(),
                            fault,
                        });
                    }
                },
            };
            match pause(&self.reader, &mut patience, &self.health, &fault).await {
                Next::After(_) => {
                    let left = answers.iter().filter(|answer| answer.is_none()).count();
                    self.reader.retried(left);
                }
                Next::Outage => return Err(ExecuteError::Lost(fault)),
                Next::GiveUp => {
                    for place in open {
                        answers[place].get_or_insert_with(|| Err(fault.clone()));
                    }
                }
            }
        }
    }
}

impl Asks for Asker {
    type Error = ExecuteError;

    async fn answers(&self, reads: Vec<Read>) -> Result<Vec<Result<Answer, Fault>>, ExecuteError> {
        self.all(reads).await
    }

    fn refused(fault: Fault) -> ExecuteError {
        match fault.reaction() {
            Reaction::Repeat | Reaction::Login => ExecuteError::Lost(fault),
            Reaction::Fail
            | Reaction::Reread
            | Reaction::Metadata
            | Reaction::Split
            | Reaction::Stop => ExecuteError::Denied(fault),
        }
    }
}

/// Ends when somebody wishes the run to stop, and never where nobody can.
pub(super) async fn stop(mut wish: watch::Receiver<Wish>) {
    let gone = wish.wait_for(|wish| *wish == Wish::Stop).await.is_err();
    if gone {
        std::future::pending::<()>().await;
    }
}

/// Waits until a request that brought no answer is to be tried again, or not any more. While nobody gets an answer only
/// pings are sent, and when one comes back the request has its turn at once.
pub(super) async fn pause(
    reader: &Reader,
    patience: &mut Patience,
    health: &Health,
    fault: &Fault,
) -> Next {
    let mut was_outage = false;
    loop {
        if patience.is_outage() && answers(reader).await {
            health.answered();
        }
        let is_outage = patience.is_outage();
        if was_outage && !is_outage {
            if health.is_news(false) {
                tracing::warn!("the instance answers again");
            }
            patience.try_again();
            return Next::After(Duration::ZERO);
        }
        was_outage = is_outage;
        let next = patience.next(fault.retry_after());
        let Next::After(delay) = next else {
            return next;
        };
        health.waits(delay, wait(fault, is_outage));
        // Nothing moves while the whole instance is silent, so that everybody is told, once.
        if is_outage && health.is_news(true) {
            tracing::warn!("no proper answer comes from the instance ({fault}); waiting for it");
        } else {
            tracing::info!("{fault}; trying again in {delay:.1?}");
        }
        tokio::time::sleep(delay).await;
        if !is_outage {
            patience.try_again();
            return next;
        }
    }
}

fn wait(fault: &Fault, is_outage: bool) -> Wait {
    if fault.status() == Some(429) || fault.retry_after().is_some() {
        Wait::AskedForLess
    } else if is_outage {
        Wait::NoAnswer
    } else {
        Wait::OneFailed
    }
}

/// A ping tells an instance that is away from one that only refuses a request.
async fn answers(reader: &Reader) -> bool {
    match reader.ask(&Read::Ping).await {
        Ok(_) | Err(Failure::Stop(_)) => true,
        Err(Failure::NotSent(fault) | Failure::Whole(fault)) => {
            !matches!(fault.reaction(), Reaction::Repeat | Reaction::Login)
        }
    }
}
