//! Change tracking (behaviour 13): what is different since a client last asked.
//!
//! The first answer holds every row and ends with a link; whoever follows the link gets what has been written and
//! deleted since, and the next link.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::list::MOST;
use super::page::{Cookie, Start, with_token};
use super::record::RowRecord;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::seed::TOKEN_DAYS;
use super::tables::Table;
use crate::behaviours::Behaviour;
use crate::odata::{Query, decoded_pairs};

/// How the instant in a token is written.
const INSTANT: &str = "%m/%d/%Y %H:%M:%S";

/// A point in the history of the rows.
#[derive(Debug, Clone, Copy)]
struct Token {
    version: u64,
    given_at: Timestamp,
}

/// A change to one row.
enum Change<'a> {
    Written(RowRecord<'a>),
    Deleted(&'a str),
}

impl Call {
    /// Whether a list is asked for in the way of change tracking.
    pub(crate) fn asks_for_changes(&self, query: &Query) -> bool {
        self.wants.changes || query.delta_token.is_some()
    }

    /// A page of changes: all rows at first, and what is different since then.
    pub(crate) fn changes(&self, crm: &Dataverse, table: &Table) -> Result<Value, Refusal> {
        self.refuse_options()?;
        if !table.tracked {
            return Err(Refusal::argument(format!("Change tracking is not enabled for entity {}.", table.logical)));
        }
        if crm.behaviours.on(Behaviour::NoWholeTableReads) && crm.asking == crm.connector {
            return Err(Refusal::no_privilege(&format!("prvRead{}", table.schema), &crm.asking));
        }
        let query = self.query(crm, table)?;
        let cookie = query.skip_token.as_deref().map(Cookie::read).transpose()?.unwrap_or_default();
        let since = match &query.delta_token {
            Some(token) => Some(crm.token(token)?.version),
            None => cookie.since,
        };
        let until = cookie.until.unwrap_or_else(|| crm.version());
        let start = query.skip_token.as_ref().map_or(Start::After(since.unwrap_or_default()), |_| cookie.start);
        let mut changes = crm.changes_between(table, since, until, start, self.page().saturating_add(1))?;
        let more = changes.len() > self.page();
        changes.truncate(self.page());
        let last = changes.last().map(|(place, _)| *place).filter(|_| more);
        let shown = changes.into_iter().map(|(_, change)| self.show_change(change, table, &query));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let mut answer = Map::new();
        let delta = if since.is_some() { "/$delta" } else { "" };
        answer.insert("@odata.context".to_owned(), json!(format!("{}{delta}", self.context(table, &query))));
        let (name, link) = if let Some(start) = last {
            let next = Cookie { start, page: cookie.page + 1, since, until: Some(until) };
            ("@odata.nextLink", next.link(&self.url, &self.raw))
        } else {
            let token = Token { version: until, given_at: crm.now() };
            ("@odata.deltaLink", with_token(&self.url, &self.raw, "deltatoken", &token.text()))
        };
        answer.insert(name.to_owned(), json!(link));
        answer.insert("value".to_owned(), shown.into());
        Ok(answer.into())
    }

    fn show_change(&self, change: Change<'_>, table: &Table, query: &Query) -> Result<Value, Refusal> {
        match change {
            Change::Written(record) => self.reader().show(record, query),
            Change::Deleted(id) => {
                let context = format!("{}$metadata#{}/$deletedEntity", self.base, table.set);
                Ok(json!({"@odata.context": context, "id": id, "reason": "deleted"}))
            }
        }
    }

    fn refuse_options(&self) -> Result<(), Refusal> {
        let pairs = decoded_pairs(&self.raw).unwrap_or_default();
        for option in ["filter", "orderby", "expand", "top"] {
            if pairs.iter().any(|(name, _)| name.strip_prefix('$') == Some(option)) {
                let message =
                    format!("The \"{option}\" query parameter isn't supported when Change Tracking is enabled.");
                return Err(Refusal::query(message));
            }
        }
        Ok(())
    }
}

impl Dataverse {
    /// The number of changes since a token was given.
    pub(crate) fn count_changes(&self, table: &Table, token: &str) -> Result<usize, Refusal> {
        let since = self.token(token)?.version;
        Ok(self.changes_between(table, Some(since), self.version(), Start::After(since), MOST)?.len())
    }

    /// Written rows by version, then deleted ones, from a place on, each with its place, up to `most`. A row that was
    /// made and deleted since comes as deleted, and one that was made once more as written. The first answer has the
    /// rows alone.
    fn changes_between<'a>(
        &'a self,
        table: &'a Table,
        since: Option<u64>,
        until: u64,
        start: Start,
        most: usize,
    ) -> Result<Vec<(Start, Change<'a>)>, Refusal> {
        let Some(shelf) = self.shelf(&table.logical) else { return Ok(Vec::new()) };
        let (rows_from, deleted_from) = match start {
            Start::After(version) => (version, since.unwrap_or_default()),
            Start::At(version) => (until, u64::try_from(version).unwrap_or(u64::MAX - 1)),
        };
        let spend = || self.budget.spend(1);
        let written = shelf.changed_since(rows_from).take_while(|row| row.version <= until).inspect(|_| spend());
        let change = |row| Change::Written(RowRecord { crm: self, table, row });
        let written = written.map(|row| (Start::After(row.version), change(row)));
        self.budget.check()?;
        let Some(since) = since else { return Ok(written.take(most).collect()) };
        // All that were deleted since must be known, also where the pages are beyond some of them.
        if shelf.deleted_since(since).is_none() {
            return Err(Refusal::expired_token());
        }
        let deleted = shelf.deleted_since(deleted_from).into_iter().flatten();
        let deleted = deleted.take_while(|(version, _)| *version <= until).inspect(|_| spend());
        let deleted = deleted.filter(|(_, id)| shelf.get(id).is_none());
        let place = |version| Start::At(usize::try_from(version).unwrap_or(usize::MAX));
        let deleted = deleted.map(|(version, id)| (place(version), Change::Deleted(id)));
        Ok(written.chain(deleted).take(most).collect())
    }

    fn token(&self, text: &str) -> Result<Token, Refusal> {
        let token = Token::read(text).ok_or_else(|| Refusal::query("The delta token is not valid."))?;
        let organization = self.rows("organization").next();
        let days = organization.and_then(|row| row.number("expirechangetrackingindays")).unwrap_or(TOKEN_DAYS);
        let age = self.now().duration_since(token.given_at);
        let too_old = age > SignedDuration::from_hours(days.clamp(0, 365) * 24);
        if too_old || self.behaviours.on(Behaviour::DeltaTokensExpired) || token.version > self.version() {
            return Err(Refusal::expired_token());
        }
        Ok(token)
    }
}

impl Token {
    fn text(&self) -> String {
        format!("{}!{}", self.version, self.given_at.to_zoned(TimeZone::UTC).strftime(INSTANT))
    }

    /// A client may have sent it encoded once more.
    fn read(text: &str) -> Option<Token> {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        let (version, given_at) = text.split_once('!')?;
        let given_at = DateTime::strptime(INSTANT, given_at).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Token { version: version.parse().ok()?, given_at })
    }
}
