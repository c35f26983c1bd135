//! How long and how often something is tried again.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use backon::BackoffBuilder;
use backon::ExponentialBackoff;
use backon::ExponentialBuilder;
use tokio::time::Instant;

use crate::event::Activity;

/// Attempts of one request while others succeed.
const ATTEMPTS: usize = 5;

/// Between two looks at an instance that does not answer.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// What all requests of a run know together: when the instance last gave a proper answer, and what it wants.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<Mutex<State>>,
    max_outage: Duration,
}

#[derive(Debug)]
struct State {
    last_answer: Instant,
    /// Nobody gets an answer.
    is_away: bool,
    /// Until when somebody waits because the instance asked for less.
    throttled: Option<Instant>,
    /// People were told that nobody gets an answer, and not yet that somebody does.
    is_told: bool,
}

impl Health {
    pub fn new(max_outage: Duration) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                last_answer: Instant::now(),
                is_away: false,
                throttled: None,
                is_told: false,
            })),
            max_outage,
        }
    }

    pub fn answered(&self) {
        let mut state = self.lock();
        state.last_answer = Instant::now();
        state.is_away = false;
    }

    /// A request waits so long before it is tried again.
    pub(super) fn waits(&self, delay: Duration, why: Wait) {
        let mut state = self.lock();
        match why {
            Wait::AskedForLess => {
                let until = Instant::now() + delay;
                state.throttled = state.throttled.max(Some(until));
                state.is_away = false;
            }
            Wait::NoAnswer => state.is_away = true,
            Wait::OneFailed => {}
        }
    }

    /// Whether people are still to be told that an outage began, or that it is over: all requests wait for the same one.
    pub(super) fn is_news(&self, is_outage: bool) -> bool {
        let mut state = self.lock();
        std::mem::replace(&mut state.is_told, is_outage) != is_outage
    }

    pub(super) fn activity(&self) -> Activity {
        let state = self.lock();
        if state.throttled.is_some_and(|until| until > Instant::now()) {
            Activity::Throttled
        } else if state.is_away {
            Activity::Paused(state.last_answer.elapsed())
        } else {
            Activity::Running
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is about to be tried for the first time.
    pub fn patience(&self, attempts: Option<u32>, backoff: Option<Duration>) -> Patience {
        let attempts = attempts.map_or(ATTEMPTS, |attempts| attempts.max(1) as usize);
        Patience {
            health: self.clone(),
            tried: Instant::now(),
            tries_left: attempts - 1,
            delays: ExponentialBuilder::new()
                .with_min_delay(backoff.unwrap_or(Duration::from_millis(500)))
                .with_max_delay(LONGEST_DELAY)
                .without_max_times()
                .with_jitter()
                .build(),
        }
    }
}

/// Why a request is not tried again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    AskedForLess,
    /// As nobody gets one.
    NoAnswer,
    /// While others succeed.
    OneFailed,
}

/// The patience with one request.
#[derive(Debug)]
pub struct Patience {
    health: Health,
    /// When it was tried last.
    tried: Instant,
    tries_left: usize,
    delays: ExponentialBackoff,
}

/// What to do after another failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    After(Duration),
    /// Others get answers, and this one was tried often enough.
    GiveUp,
    /// Nobody got an answer for too long.
    Outage,
}

impl Patience {
    /// Whether nobody got an answer since this request was tried last.
    pub fn is_outage(&self) -> bool {
        self.health.lock().last_answer <= self.tried
    }

    /// It is tried once more.
    pub fn try_again(&mut self) {
        self.tried = Instant::now();
    }

    /// While nobody gets an answer, that is an outage and no fault of this request, so its tries are not counted.
    pub fn next(&mut self, retry_after: Option<Duration>) -> Next {
        if !self.is_outage() {
            if self.tries_left == 0 {
                return Next::GiveUp;
            }
            self.tries_left -= 1;
        } else if self.health.lock().last_answer.elapsed() > self.health.max_outage {
            return Next::Outage;
        }
        let delay = self.delays.next().unwrap_or(LONGEST_DELAY);
        Next::After(retry_after.map_or(delay, |wanted| wanted.max(delay)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_outage_costs_no_tries_but_ends() {
        let health = Health::new(Duration::from_mins(10));
        let mut patience = health.patience(None, None);
        for _ in 0..8 {
            assert!(matches!(patience.next(None), Next::After(_)));
        }
        tokio::time::advance(Duration::from_secs(601)).await;
        assert_eq!(patience.next(None), Next::Outage);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_run_does_is_what_its_requests_wait_for() {
        let health = Health::new(Duration::from_mins(10));
        assert_eq!(health.activity(), Activity::Running);
        health.waits(Duration::from_secs(5), Wait::OneFailed);
        assert_eq!(health.activity(), Activity::Running);
        health.waits(Duration::from_secs(5), Wait::AskedForLess);
        health.waits(Duration::from_secs(2), Wait::AskedForLess);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(health.activity(), Activity::Throttled);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(health.activity(), Activity::Running);
        health.waits(Duration::from_secs(5), Wait::NoAnswer);
        let since = Duration::from_secs(6);
        assert_eq!(health.activity(), Activity::Paused(since));
        health.answered();
        assert_eq!(health.activity(), Activity::Running);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_news_once_and_its_end_too() {
        let health = Health::new(Duration::from_mins(10));
        let other = health.clone();
        assert!(!health.is_news(false), "nothing was told");
        assert!(health.is_news(true));
        assert!(!other.is_news(true));
        assert!(other.is_news(false));
        assert!(!health.is_news(false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_fails_while_others_succeed_is_given_up() {
        let health = Health::new(Duration::from_mins(10));
        let mut patience = health.patience(Some(3), None);
        let mut fails = async |retry_after| {
            patience.try_again();
            tokio::time::advance(Duration::from_secs(1)).await;
            health.answered();
            patience.next(retry_after)
        };
        let long = Some(Duration::from_secs(30));
        assert!(matches!(fails(long).await, Next::After(wait) if wait.as_secs() >= 30));
        assert!(matches!(fails(None).await, Next::After(_)));
        assert_eq!(fails(None).await, Next::GiveUp);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_from_before_an_outage_do_not_count_against_it() {
        let health = Health::new(Duration::from_mins(10));
        let mut patience = health.patience(Some(2), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        health.answered();
        assert!(matches!(patience.next(None), Next::After(_)));
        for _ in 0..8 {
            tokio::time::advance(Duration::from_secs(5)).await;
            patience.try_again();
            assert!(matches!(patience.next(None), Next::After(_)));
        }
    }
}
