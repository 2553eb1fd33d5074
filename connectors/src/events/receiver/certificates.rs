//! The certificates that were fetched.
//!
//! The path of a look-up: the book of what is kept → a failure of a moment ago → the limit on unknown
//! addresses → one fetch. Whoever sends requests chooses the address, so nothing here may grow or ask
//! without end, and no stranger's address may cost a right event its certificate.

use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cosell_engine::connector::Refusal;
use reqwest::Url;
use rustls_pki_types::UnixTime;

use crate::client::{body_up_to, plain_client};
use crate::events::certificate::Chain;
use crate::settings::SettingsError;

/// The longest certificate that is read, in bytes.
const LONGEST_CERTIFICATE: usize = 64 * 1024;

/// How many certificates are kept.
const MOST_CERTIFICATES: usize = 8;

/// How many fetches of addresses that are not kept one minute allows.
const MOST_FETCHES: usize = 8;

/// The time for which [`MOST_FETCHES`] counts.
const MINUTE: Duration = Duration::from_secs(60);

/// How long a fetch that failed is not tried again.
const FAILURE_LIFE: Duration = Duration::from_secs(10);

/// How soon a certificate may be fetched again because a signature did not fit it: whoever sends wrong
/// signatures must not make this machine fetch without end.
const FETCH_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Certificates by their addresses.
pub(super) struct Certificates {
    http: reqwest::Client,
    /// Never held while something is fetched.
    pub(super) book: Mutex<Book>,
    /// Held while one is fetched, so that a burst of events fetches it once.
    pub(super) fetching: tokio::sync::Mutex<()>,
}

/// A certificate that was fetched.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) chain: Arc<Chain>,
    pub(super) fetched: Instant,
    /// Whether an event was found right with a certificate of this address.
    pub(super) proven: bool,
    /// The time in which this certificate may be believed, once that was found out.
    pub(super) good: Option<RangeInclusive<UnixTime>>,
}

/// What is known at a moment.
pub(super) struct Book {
    pub(super) fetch_again_after: Duration,
    kept: HashMap<Url, Known>,
    /// When and how fetches failed. Only a fetch adds to it and old ones go, so the limits on fetches bound it.
    failed: HashMap<Url, (Instant, Refusal)>,
    /// When addresses that were not kept were fetched, within the last minute.
    fetches: VecDeque<Instant>,
}

impl Certificates {
    /// No certificates yet.
    pub(super) fn new() -> Result<Certificates, SettingsError> {
        Ok(Certificates {
            http: plain_client(Duration::from_secs(10))?,
            book: Mutex::new(Book::new()),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The certificate at that address. With `older_than`, what was fetched then or before is fetched again
    /// if it is time for that.
    pub(super) async fn get(&self, url: &Url, older_than: Option<Instant>) -> Result<Known, Refusal> {
        if let Some(known) = self.book().look(url, older_than, Instant::now())? {
            return Ok(known);
        }
        let _fetching = self.fetching.lock().await;
        // Somebody else may have fetched it in the meantime.
        if let Some(known) = self.book().look(url, older_than, Instant::now())? {
            return Ok(known);
        }
        self.book().count_fetch(url, Instant::now());
        let fetched = self.fetch(url).await;
        self.book().fetched(url, fetched, Instant::now())
    }

    /// Notes that an event was found right with this certificate, and what was found out about it.
    pub(super) fn prove(&self, url: &Url, known: Known) {
        self.book().prove(url, Known { proven: true, ..known });
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, url: &Url) -> Result<Chain, Refusal> {
        // 503 asks the service to deliver once more: the event may well be right.
        let unreachable = |reason: String| {
            tracing::warn!(reason, "an event's certificate cannot be fetched");
            Refusal::new(503, "the certificate cannot be fetched now")
        };
        let response = self.http.get(url.clone()).send().await;
        let response = response.map_err(|error| unreachable(error.without_url().to_string()))?;
        if !response.status().is_success() {
            return Err(unreachable(format!("status {}", response.status().as_u16())));
        }
        match body_up_to(response, LONGEST_CERTIFICATE).await {
            Ok(Some(bytes)) => Chain::read(&bytes),
            Ok(None) => Err(Refusal::new(401, "the certificate is too long")),
            Err(error) => Err(unreachable(error.without_url().to_string())),
        }
    }
}

impl Book {
    fn new() -> Book {
        Book {
            fetch_again_after: FETCH_AGAIN_AFTER,
            kept: HashMap::new(),
            failed: HashMap::new(),
            fetches: VecDeque::new(),
        }
    }

    /// The certificate that is kept; nothing where it is to be fetched; an error where it may not be.
    pub(super) fn look(
        &mut self,
        url: &Url,
        older_than: Option<Instant>,
        now: Instant,
    ) -> Result<Option<Known>, Refusal> {
        let kept = self.kept.get(url);
        if let Some(kept) = kept {
            let too_old =
                older_than.is_some_and(|fetched| kept.fetched <= fetched) || kept.chain.is_expired(UnixTime::now());
            let too_soon = now.saturating_duration_since(kept.fetched) < self.fetch_again_after;
            if !too_old || too_soon {
                return Ok(Some(kept.clone()));
            }
        }
        self.failed.retain(|_, (at, _)| now.saturating_duration_since(*at) < FAILURE_LIFE);
        if let Some((_, refusal)) = self.failed.get(url) {
            return Err(refusal.clone());
        }
        self.fetches.retain(|at| now.saturating_duration_since(*at) < MINUTE);
        if kept.is_none() && self.fetches.len() >= MOST_FETCHES {
            return Err(Refusal::new(503, "too many certificates were asked for within a minute"));
        }
        Ok(None)
    }

    /// Counts a fetch that begins now.
    fn count_fetch(&mut self, url: &Url, now: Instant) {
        if !self.kept.contains_key(url) {
            self.fetches.push_back(now);
        }
    }

    /// Takes in how a fetch ended. A failure leaves what is kept as it is.
    fn fetched(&mut self, url: &Url, fetched: Result<Chain, Refusal>, now: Instant) -> Result<Known, Refusal> {
        match fetched {
            Ok(chain) => {
                let proven = self.kept.get(url).is_some_and(|kept| kept.proven);
                let known = Known { chain: Arc::new(chain), fetched: now, proven, good: None };
                self.keep(url, known.clone());
                Ok(known)
            }
            Err(refusal) => {
                self.failed.insert(url.clone(), (now, refusal.clone()));
                Err(refusal)
            }
        }
    }

    /// Takes in what was found out about a certificate, unless another was fetched from its address in the meantime.
    fn prove(&mut self, url: &Url, known: Known) {
        match self.kept.get_mut(url) {
            Some(kept) if kept.fetched == known.fetched => *kept = known,
            Some(_) => (),
            None => self.keep(url, known),
        }
    }

    /// Keeps a certificate. Where that is one too many, the oldest goes of those that proved nothing, which
    /// may be this one; a proven one goes only where all are.
    pub(super) fn keep(&mut self, url: &Url, known: Known) {
        self.kept.insert(url.clone(), known);
        if self.kept.len() > MOST_CERTIFICATES {
            let least = self.kept.iter().min_by_key(|(_, known)| (known.proven, known.fetched));
            let least = least.map(|(url, _)| url.clone());
            least.and_then(|url| self.kept.remove(&url));
        }
    }
}
