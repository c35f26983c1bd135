//! How many requests are worked on at the same time. The number may change while the sandbox runs: workers that go finish
//! what they are at.

use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;

#[derive(Debug)]
pub(crate) struct Workers {
    permits: Semaphore,
    count: Mutex<Count>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    wanted: usize,
    /// Workers that are to go, and are at something.
    leaving: usize,
}

/// A worker that is at something.
#[derive(Debug)]
pub(crate) struct Busy<'a> {
    workers: &'a Workers,
    permit: Option<SemaphorePermit<'a>>,
}

impl Workers {
    /// Without a number there are as many as anybody wants.
    pub(crate) fn new(wanted: Option<usize>) -> Self {
        let wanted = within(wanted);
        Self {
            permits: Semaphore::new(wanted),
            count: Mutex::new(Count { wanted, leaving: 0 }),
        }
    }

    /// Waits for a worker that has nothing to do.
    pub(crate) async fn next(&self) -> Busy<'_> {
        Busy {
            workers: self,
            permit: self.permits.acquire().await.ok(),
        }
    }

    pub(crate) fn set(&self, wanted: Option<usize>) {
        let wanted = within(wanted);
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted >= count.wanted {
            let more = wanted - count.wanted;
            let stay = more.min(count.leaving);
            count.leaving -= stay;
            self.permits.add_permits(more - stay);
        } else {
            let fewer = count.wanted - wanted;
            count.leaving += fewer - self.permits.forget_permits(fewer);
        }
        count.wanted = wanted;
    }
}

fn within(wanted: Option<usize>) -> usize {
    wanted.map_or(Semaphore::MAX_PERMITS, |wanted| {
        wanted.clamp(1, Semaphore::MAX_PERMITS)
    })
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let count = &self.workers.count;
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        if count.leaving > 0
            && let Some(permit) = self.permit.take()
        {
            count.leaving -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many could begin now.
    fn idle(workers: &Workers) -> usize {
        workers.permits.available_permits()
    }

    #[tokio::test]
    async fn workers_come_and_go_while_others_are_busy() {
        let workers = Workers::new(Some(4));
        let busy = [
            workers.next().await,
            workers.next().await,
            workers.next().await,
        ];
        workers.set(Some(2));
        assert_eq!(idle(&workers), 0);
        let [first, second, third] = busy;
        drop(first);
        assert_eq!(idle(&workers), 0, "this one was one too many");
        drop(second);
        assert_eq!(idle(&workers), 1);
        workers.set(Some(1));
        // The one that stays is busy, and so none is idle.
        assert_eq!(idle(&workers), 0);
        workers.set(Some(3));
        assert_eq!(idle(&workers), 2);
        drop(third);
        assert_eq!(idle(&workers), 3);
        workers.set(None);
        assert_eq!(idle(&workers), Semaphore::MAX_PERMITS);
    }
}
