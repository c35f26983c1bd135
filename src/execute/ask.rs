//! Reads with patience: as few requests as `/bulk` allows, repeated while the instance cannot answer.

use std::time::Duration;

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

    pub async fn one(&self, read: Read) -> Result<Result<Answer, Fault>, ExecuteError> {
        let mut answers = self.all(vec![read]).await?;
        Ok(answers.pop().expect("one read has one answer"))
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
                            Err(fault) if fault.reaction() == Reaction::Repeat => {
                                last = Some((*place, fault));
                            }
                            settled => {
                                self.health.answered();
                                answers[*place] = Some(settled);
                            }
                        }
                    }
                    match last {
                        Some((_, fault)) => fault,
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
                    _ => {
                        return Err(ExecuteError::Refused {
                            what: "a read".into(),
                            fault,
                        });
                    }
                },
            };
            match patience.next(fault.retry_after()) {
                Next::After(delay) => {
                    tell(&patience, &fault, delay);
                    tokio::time::sleep(delay).await;
                    sign_of_life(&self.reader, &patience, &self.health).await;
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

/// Ends when somebody wishes the run to stop, and never where nobody can.
pub(super) async fn stop(mut wish: watch::Receiver<Wish>) {
    let gone = wish.wait_for(|wish| *wish == Wish::Stop).await.is_err();
    if gone {
        std::future::pending::<()>().await;
    }
}

/// Says why nothing moves: to everybody while the whole instance is silent, otherwise with `-v`.
pub(super) fn tell(patience: &Patience, fault: &Fault, delay: Duration) {
    if patience.is_outage() {
        tracing::warn!("{fault}; trying again in {delay:.1?}");
    } else {
        tracing::info!("{fault}; trying again in {delay:.1?}");
    }
}

/// While nobody gets an answer, a ping tells an instance that is away from one that only refuses this request.
pub(super) async fn sign_of_life(reader: &Reader, patience: &Patience, health: &Health) {
    if patience.is_outage() && reader.ask(&Read::Ping).await.is_ok() {
        health.answered();
    }
}
