//! The client that writes, through `/bulk` but for a call, which goes as it is written.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::Failure;
use super::Reader;
use crate::runfile::Permit;
use crate::wire::Answer;
use crate::wire::Body;
use crate::wire::Fault;
use crate::wire::Write;

/// Made with the permit that the run file's lock gives, and holds it as long as it can write.
#[derive(Debug)]
pub struct Writer {
    reader: Reader,
    /// The hash of the metadata that writes were checked by.
    metadata: Mutex<Option<String>>,
    _permit: Permit,
}

impl Writer {
    pub fn new(reader: Reader, permit: Permit) -> Self {
        Self {
            reader,
            metadata: Mutex::default(),
            _permit: permit,
        }
    }

    /// From now on an instance whose metadata has another hash refuses what is sent, with `metadata_out_of_date`.
    pub fn expect_metadata(&self, hash: Option<String>) {
        *self.lock() = hash;
    }

    pub fn expected_metadata(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One `/bulk` with an entry for each write; a call by itself is sent as itself, since not every endpoint is known to
    /// work in `/bulk` (fact sheet 2). Where the whole request is lost, [`Failure::may_have_happened`] says
    /// whether its writes can have been done.
    pub async fn send(
        &self,
        writes: Vec<Arc<Write>>,
    ) -> Result<Vec<Result<Answer<Body>, Fault>>, Failure> {
        if let [call] = writes.as_slice()
            && call.is_call()
        {
            let answer = self.reader.exchange().single(&call.encode()).await?;
            return Ok(vec![answer.map(|answer| Answer {
                status: answer.status,
                body: answer.body.into(),
            })]);
        }
        let encoded: Vec<_> = writes.iter().map(|write| write.encode()).collect();
        let expected = self
            .expected_metadata()
            .map(|hash| ("X-Metadata-Hash", hash));
        self.reader
            .exchange()
            .bulk(&encoded, expected.as_slice())
            .await
    }

    /// The same session, without the right to write.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}
