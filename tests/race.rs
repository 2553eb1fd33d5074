//! Both sides at once, a thousand times: one record a side, no write that changes nothing, and rest in the end.

use std::collections::HashMap;
use std::time::Duration;

use cosell::rehearsal::Rehearsal;
use cosell_engine::run::{Event, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{deal, errors, rehearsal, rows, runs};

const DEALS: u64 = 1000;
/// Deals that are under way together.
const TOGETHER: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_deals_changed_on_both_sides_at_once() {
    let seed = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_522);
    let rehearsal = rehearsal().await;
    for batch in 0..DEALS / TOGETHER {
        let deals = (0..TOGETHER).map(|deal| one_deal(&rehearsal, Dice::new(seed + batch * TOGETHER + deal)));
        join_all(deals).await;
        rehearsal.quiet().await.unwrap();
    }
    let errors = errors(rehearsal.engine.world()).await;
    assert!(errors.is_empty(), "{} runs failed, the first: {}; seed {seed}", errors.len(), errors[0]);
    check_pairs(&rehearsal, seed).await;
    check_writes(&rehearsal, seed).await;
    check_rest(&rehearsal, seed).await;
    rehearsal.stop().await;
}

/// One deal: born on either side, and changed on both sides while its events are under way.
async fn one_deal(rehearsal: &Rehearsal, mut dice: Dice) {
    let people = &rehearsal.people;
    let name = format!("deal {}", dice.seed);
    if dice.one_in(2) {
        let id = people.create_deal(&deal(&name)).await.unwrap();
        dice.pause().await;
        let of_deal = change_deal(rehearsal, &id, &mut dice).await;
        let query = format!("opportunities?$select=opportunityid&$filter=cosell_referralid eq '{id}'");
        if let Some(row) = rows(rehearsal, &query).await.first() {
            let opportunity = row["opportunityid"].as_str().unwrap().to_owned();
            let change = json!({ "estimatedvalue": dice.value(), "description": format!("crm {}", dice.value()) });
            people.change_opportunity(&opportunity, &change).await.unwrap();
        }
        if of_deal && dice.one_in(2) {
            change_deal(rehearsal, &id, &mut dice).await;
        }
    } else {
        let mut row = people.new_opportunity(&name).await.unwrap();
        if dice.one_in(3) {
            row["cosell_howcanmicrosofthelp"] = json!(100_000_001);
        }
        let row = people.crm(Method::POST, "opportunities", Some(&row)).await.unwrap();
        let opportunity = row["opportunityid"].as_str().unwrap().to_owned();
        dice.pause().await;
        let change = json!({ "estimatedvalue": dice.value() });
        people.change_opportunity(&opportunity, &change).await.unwrap();
        dice.pause().await;
        let row = people.opportunity(&opportunity).await.unwrap();
        if let Some(referral) = row["cosell_referralid"].as_str() {
            let (referral, change) = (referral.to_owned(), json!({ "estimatedclosedate": "2027-06-30" }));
            let on_the_other_side = change_deal(rehearsal, &referral, &mut dice);
            let (_, changed) = tokio::join!(on_the_other_side, people.change_opportunity(&opportunity, &change));
            changed.unwrap();
        }
    }
}

async fn change_deal(rehearsal: &Rehearsal, id: &str, dice: &mut Dice) -> bool {
    let change = json!({ "dealValue": dice.value(), "notes": format!("pc {}", dice.value()) });
    rehearsal.people.change_deal(id, &change).await.unwrap();
    dice.pause().await;
    true
}

/// Every deal has one opportunity and one referral of ours, and both say the same.
async fn check_pairs(rehearsal: &Rehearsal, seed: u64) {
    let opportunities = rows(rehearsal, "opportunities").await;
    assert_eq!(opportunities.len() as u64, DEALS, "seed {seed}");
    let mut of_referral: HashMap<String, Value> = HashMap::new();
    for opportunity in opportunities {
        let referral = opportunity["cosell_referralid"]
            .as_str()
            .unwrap_or_else(|| panic!("no referral: {opportunity}, seed {seed}"))
            .to_owned();
        let other = of_referral.insert(referral, opportunity);
        assert!(other.is_none(), "two opportunities for one referral: {other:?}, seed {seed}");
    }
    let mut deals = 0;
    let mut skip = 0;
    loop {
        let page =
            rehearsal.people.referrals(&format!("?$orderby=createdDateTime&$top=100&$skip={skip}")).await.unwrap();
        let page = page["value"].as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        skip += page.len();
        for referral in page {
            if referral["target"][0]["id"] == "msft" {
                continue;
            }
            deals += 1;
            let opportunity = &of_referral[referral["id"].as_str().unwrap()];
            assert_eq!(referral["externalReferenceId"], opportunity["opportunityid"], "seed {seed}");
            assert_eq!(
                referral["details"]["dealValue"].as_f64(),
                opportunity["estimatedvalue"].as_f64(),
                "{referral} {opportunity} seed {seed}"
            );
            assert_eq!(referral["details"]["notes"], opportunity["description"], "seed {seed}");
        }
    }
    assert_eq!(deals, DEALS, "seed {seed}");
}

/// No update was sent that changed nothing: every one says what it changes, before and after.
async fn check_writes(rehearsal: &Rehearsal, seed: u64) {
    let world = rehearsal.engine.world();
    let mut updates = 0;
    for run in runs(world).await {
        for event in world.store.record(&run.id).await.unwrap() {
            if let Event::CallStarted { part: Part::Update(_), changes, .. } = event {
                updates += 1;
                assert!(!changes.is_empty(), "seed {seed}");
                for change in changes {
                    assert_ne!(change.before, change.after, "{change:?} seed {seed}");
                }
            }
        }
    }
    assert!(updates > 0);
    let log = rehearsal.people.admin(Method::GET, "log", None).await.unwrap();
    let idle: Vec<&Value> =
        log.as_array().unwrap().iter().filter(|entry| entry["changed"] == false && entry["who"] != "seller").collect();
    assert_eq!(idle, Vec::<&Value>::new(), "writes that changed nothing, as the services saw it; seed {seed}");
}

/// When all is quiet no further run starts.
async fn check_rest(rehearsal: &Rehearsal, seed: u64) {
    let before = runs(rehearsal.engine.world()).await.len();
    rehearsal.quiet().await.unwrap();
    assert_eq!(runs(rehearsal.engine.world()).await.len(), before, "seed {seed}");
}

/// Numbers from a seed: splitmix64.
struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice { seed, state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn value(&mut self) -> u64 {
        1000 + self.next() % 100_000
    }

    /// The moment at which the next thing happens is part of the scenario, not a wait for something.
    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_micros(self.next() % 40_000)).await;
    }
}

async fn join_all(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// A seller saves again and again while the echoes of the saves before are under way: the last save stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_echo_does_not_undo_a_later_save() {
    let seed = 7;
    let rehearsal = rehearsal().await;
    let people = &rehearsal.people;
    for round in 0..10 {
        let mut dice = Dice::new(seed + round);
        let referral = people.create_deal(&deal(&format!("saves {round}"))).await.unwrap();
        rehearsal.quiet().await.unwrap();
        let query = format!("opportunities?$select=opportunityid&$filter=cosell_referralid eq '{referral}'");
        let row = rows(&rehearsal, &query).await.remove(0);
        let opportunity = row["opportunityid"].as_str().unwrap().to_owned();
        let in_the_crm = round % 2 == 0;
        for save in 1..=8 {
            let value = 1000 * (round + 1) + save;
            match in_the_crm {
                true => people.change_opportunity(&opportunity, &json!({ "estimatedvalue": value })).await.unwrap(),
                false => people.change_deal(&referral, &json!({ "dealValue": value })).await.unwrap(),
            }
            dice.pause().await;
        }
        rehearsal.quiet().await.unwrap();
        let last = Some((1000 * (round + 1) + 8) as f64);
        let row = people.opportunity(&opportunity).await.unwrap();
        let deal = people.referral(&referral).await.unwrap();
        assert_eq!(row["estimatedvalue"].as_f64(), last, "in the CRM, round {round}, seed {seed}");
        assert_eq!(deal["details"]["dealValue"].as_f64(), last, "in Partner Center, round {round}, seed {seed}");
    }
    rehearsal.stop().await;
}
