//! What becomes of deals by themselves as time passes: they expire (S17), and by switch Microsoft answers (S21, S22).

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::category::Category;
use super::events;
use super::referrals::{Referral, Referrals, enter_state};
use super::states::text;
use crate::behaviours::Behaviour;
use crate::world::World;

/// How often somebody looks.
const LOOK: Duration = Duration::from_millis(500);

/// How long Microsoft thinks, by the sandbox's clock.
const THOUGHT: SignedDuration = SignedDuration::from_secs(2);

/// Looks again and again until the sandbox stops.
pub(crate) fn let_time_pass(world: &Arc<World>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        while tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_err() {
            look(&world);
        }
    })
}

/// Does what is due by now.
pub(crate) fn look(world: &Arc<World>) {
    // Nothing is announced in vain: somebody may wait for all to be quiet.
    if !world.referrals.with(|referrals| referrals.is_something_due()) {
        return;
    }
    let under_way = world.deliveries.announce();
    for (body, microsoft) in world.referrals.with(Referrals::do_what_is_due) {
        events::updated(world, &body, microsoft, &under_way);
    }
    world.changes.count();
}

/// What is to become of a deal.
enum Due {
    Expire,
    Accept,
    Decline,
}

impl Referrals {
    fn is_something_due(&self) -> bool {
        let now = self.now();
        self.waiting().any(|referral| self.due(referral, now).is_some())
    }

    fn waiting(&self) -> impl Iterator<Item = &Referral> {
        self.all().filter(|referral| text(&referral.body, "/status") == "New")
    }

    /// The deals that changed, and whether each is Microsoft's.
    fn do_what_is_due(&mut self) -> Vec<(Value, bool)> {
        let now = self.now();
        let due = self.waiting().filter_map(|referral| Some((self.due(referral, now)?, referral.clone())));
        let due: Vec<(Due, Referral)> = due.collect();
        due.into_iter().map(|(due, referral)| (self.happen(&due, referral.body), referral.microsoft)).collect()
    }

    fn due(&self, referral: &Referral, now: Timestamp) -> Option<Due> {
        let instant = |path: &str| text(&referral.body, path).parse::<Timestamp>().ok();
        if instant("/expirationDateTime").is_some_and(|end| end <= now) {
            return Some(Due::Expire);
        }
        let thought = instant("/createdDateTime").is_some_and(|made| now.duration_since(made) >= THOUGHT);
        if !referral.microsoft || !thought {
            None
        } else if self.behaviours.on(Behaviour::MicrosoftAccepts) {
            Some(Due::Accept)
        } else {
            self.behaviours.on(Behaviour::MicrosoftDeclines).then_some(Due::Decline)
        }
    }

    fn happen(&mut self, due: &Due, mut body: Value) -> Value {
        let (status, substatus) = match due {
            Due::Expire => ("Closed", "Expired"),
            Due::Accept => ("Active", "Accepted"),
            Due::Decline => ("Closed", "Declined"),
        };
        body["status"] = json!(status);
        body["substatus"] = json!(substatus);
        enter_state(&mut body, "New", self.now());
        match due {
            // An expired lead tells nobody any more whom to call.
            Due::Expire if Category::of(&body) != Category::CoSell => body["customerProfile"]["team"] = json!([]),
            Due::Expire => {}
            Due::Decline => body["statusReason"] = json!("No matching Microsoft customer record"),
            Due::Accept => self.assign_microsoft_id(&mut body),
        }
        let id = text(&body, "/id").to_owned();
        self.replace(&id, body)
    }
}
