//! Reads with patience: as few requests as `/bulk` allows, repeated while the instance cannot answer.

use crate::client::Failure;
use crate::client::Reader;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Reaction;
use crate::wire::Read;

use super::ExecuteError;
use super::patience::Health;
use super::patience::Next;

/// Reads in one `/bulk` at most.
const AT_ONCE: usize = 50;

/// A reader that waits and asks again.
#[derive(Debug, Clone)]
pub struct Asker {
    reader: Reader,
    health: Health,
}

impl Asker {
    pub fn new(reader: Reader, health: Health) -> Self {
        Self { reader, health }
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
            answers.extend(self.part(part.to_vec()).await?);
        }
        Ok(answers)
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
                    tracing::debug!("{fault}; asking again in {delay:?}");
                    tokio::time::sleep(delay).await;
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
