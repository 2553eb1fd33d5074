//! Durable runs as an operator has them: commands beside an engine at work, and after it was killed.

use serde_json::Value;

use crate::serving::{Answer, Stage};

/// Runs once, as soon as the engine runs for the first time; fails while there is no `deal`.
const DEAL: &str = "
trigger: { schedule: { every: day } }
steps:
  first: { call: http.get, with: { url: '{service}/first' }, secure: [outputs] }
  deal: { call: http.get, with: { url: '{service}/deal' } }
";
const SLEEPER: &str = "
trigger: { schedule: { every: day } }
steps:
  rest: { wait: { for: 3 hours } }
  deal: { call: http.get, with: { url: '{service}/deal' } }
";

/// Three runs that have failed, and one that sleeps.
async fn failed_deals() -> Stage {
    let stage = Stage::set(&[("one", DEAL), ("two", DEAL), ("three", DEAL), ("sleeper", SLEEPER)]).await;
    stage.service.set("first", Answer::Found);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_and_shown_beside_the_engine() {
    let stage = failed_deals().await;
    let _engine = stage.engine();
    let failed = stage.wait_for_runs(&["--outcome", "failed"], 3);
    let asleep = stage.wait_for_runs(&["--outcome", "running"], 1);
    stage.cosell(&["runs", "list"]).check(0, &["began (UTC)", "sleeper", "failed", "(not_found, status 404)"]);
    // Filter, and how many runs it leaves.
    let cases: &[(&[&str], usize)] = &[
        (&[], 4),
        (&["--flow", "two"], 1),
        (&["--flow", "nothing"], 0),
        (&["--outcome", "failed", "--flow", "three"], 1),
        (&["--outcome", "succeeded"], 0),
        (&["--outcome", "running", "--flow", "one"], 0),
        (&["--code", "not_found"], 3),
        (&["--code", "something"], 0),
        (&["--since", "1h"], 4),
        (&["--until", "1h"], 0),
        (&["--since", "2020-01-01", "--until", "2020-01-02"], 0),
        (&["--about", "deal/17"], 0),
        (&["--most", "2"], 2),
    ];
    for (filter, count) in cases {
        assert_eq!(stage.runs(filter).len(), *count, "{filter:?}");
    }
    let story = stage.cosell(&["runs", "show", &failed[0][..30]]);
    story
        .check(0, &[&failed[0], "first: calls, with", "(not shown: secure)", "deal: ✖ failed", "the run ends, failed"]);
    assert!(!story.all.contains("here is first"), "{story:?}");
    let json = stage.cosell(&["runs", "show", &failed[0], "--json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["run"]["id"], &json["record"][0]["event"]), (&failed[0].as_str().into(), &"run_started".into()));
    stage.cosell(&["runs", "show", &asleep[0]]).check(0, &["sleeps      until", "rest: waits until"]);
    stage.cosell(&["runs", "show", "0"]).check(2, &["is not enough of an id"]);
    stage.cosell(&["runs", "show", "00000000-0000"]).check(1, &["there is no run `00000000-0000`"]);
    stage.cosell(&["runs", "list", "--since", "soon"]).check(2, &["write how long ago"]);
    stage.cosell(&["runs", "list", "--store", "other.db"]).check(2, &["there is no store `other.db`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_repeated_with_a_canary_first() {
    let stage = failed_deals().await;
    let _engine = stage.engine();
    let failed = stage.wait_for_runs(&["--outcome", "failed"], 3);
    let resubmit = ["runs", "resubmit", "--outcome", "failed"];
    stage.cosell(&["runs", "resubmit"]).check(2, &["name a run, or say which"]);
    stage.cosell(&["runs", "resubmit", &failed[0], "--flow", "one"]).check(2, &["cannot be used with"]);
    stage.cosell(&resubmit).check(0, &["3 runs would be resubmitted; add --yes"]);
    assert_eq!(stage.runs(&[]).len(), 4, "nothing was done");
    // The service still fails, and so does the canary: the oldest.
    let canary = stage.cosell(&[&resubmit[..], &["--yes"]].concat());
    canary.check(1, &["first, as a canary", &failed[2], "nothing was done with the other 2"]);
    assert_eq!(stage.runs(&[]).len(), 5);
    stage.service.set("deal", Answer::Found);
    // The canary of before is done once more by its failed resubmission.
    let all = stage.cosell(&[&resubmit[..], &["--yes"]].concat());
    all.check(0, &["3 to resubmit", "succeeded", "2 of 2 resubmitted"]);
    stage.wait_for_runs(&["--outcome", "succeeded"], 3);
    stage.cosell(&[&resubmit[..], &["--yes"]].concat()).check(0, &["there is nothing to resubmit"]);
    let resume = ["runs", "resume", "--outcome", "failed", "--most", "1"];
    stage.cosell(&resume).check(0, &["1 run would be resumed", "older runs match too; when these are resumed"]);
    stage.cosell(&["runs", "show", &failed[0]]).check(0, &["repeated by", "succeeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_resumed_and_cancelled() {
    let stage = failed_deals().await;
    let plain = DEAL.replace(", secure: [outputs]", "");
    std::fs::write(stage.path().join("pack/one.yaml"), format!("flow: one\n{}", plain_of(&stage, &plain))).unwrap();
    let _engine = stage.engine();
    stage.wait_for_runs(&["--outcome", "failed"], 3);
    let one = stage.wait_for_runs(&["--outcome", "failed", "--flow", "one"], 1).remove(0);
    let two = stage.wait_for_runs(&["--outcome", "failed", "--flow", "two"], 1).remove(0);
    let asleep = stage.wait_for_runs(&["--outcome", "running"], 1).remove(0);
    stage.service.set("deal", Answer::Found);
    let asked = stage.service.asked("first");
    stage.cosell(&["runs", "resume", &one]).check(0, &["succeeded"]);
    assert_eq!(stage.service.asked("first"), asked, "the step before is not done again");
    stage.cosell(&["runs", "show", &one]).check(0, &["the run goes on from a step that failed", "ended"]);
    stage.cosell(&["runs", "resume", &two]).check(1, &["secure values"]);
    stage.cosell(&["runs", "cancel", &one]).check(1, &["it has ended"]);
    stage.cosell(&["runs", "cancel", &asleep[..30]]).check(0, &["it is cancelled"]);
    assert_eq!(stage.wait_for_runs(&["--outcome", "cancelled"], 1), [asleep]);
}

/// The same flow with the address that the others of the pack have.
fn plain_of(stage: &Stage, flow: &str) -> String {
    let other = std::fs::read_to_string(stage.path().join("pack/two.yaml")).unwrap();
    let address = other.split('\'').nth(1).unwrap().trim_end_matches("/first").to_owned();
    flow.replace("{service}", &address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_goes_on_where_it_was() {
    let stage = failed_deals().await;
    stage.service.set("deal", Answer::Nothing);
    let engine = stage.engine();
    let open = stage.wait_for_runs(&["--outcome", "running"], 4);
    wait_until(|| stage.service.asked("deal") >= 3);
    let second = stage.cosell(&["run", "--pack", "pack"]);
    second.check(3, &["the engine of process", "works on it"]);
    engine.kill();
    assert_eq!(stage.wait_for_runs(&["--outcome", "running"], 4), open, "commands need no engine");
    let order = stage.cosell(&["runs", "cancel", "--flow", "sleeper", "--yes", "--no-canary"]);
    order.check(0, &["no engine is at work on `cosell.db`; what is ordered waits until one starts"]);
    stage.cosell(&["runs", "cancel", "--flow", "sleeper", "--yes"]).check(0, &["there is nothing to cancel"]);
    stage.service.set("deal", Answer::Found);
    let mut engine = stage.engine();
    engine.says("taken up: runs under way 3, asleep 1, events waiting 0");
    stage.wait_for_runs(&["--outcome", "succeeded"], 3);
    stage.wait_for_runs(&["--outcome", "cancelled"], 1);
    assert_eq!(stage.wait_for_runs(&[], 4), open, "the same runs, and no other");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_engine_loses_nothing() {
    let stage = failed_deals().await;
    let engine = stage.engine();
    let before = {
        stage.wait_for_runs(&["--outcome", "failed"], 3);
        stage.wait_for_runs(&[], 4)
    };
    let said = engine.stop();
    assert!(said.contains("goes on at the next start"), "{said}");
    assert_eq!(stage.wait_for_runs(&[], 4), before);
    let mut engine = stage.engine();
    engine.says("taken up: runs under way 0, asleep 1, events waiting 0");
    assert_eq!(stage.wait_for_runs(&[], 4), before, "what the clock started once is not started again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_copied_and_looked_at() {
    let stage = failed_deals().await;
    let engine = stage.engine();
    let before = {
        stage.wait_for_runs(&["--outcome", "failed"], 3);
        stage.wait_for_runs(&[], 4)
    };
    let doctor = stage.cosell(&["doctor", "--pack", "pack"]);
    doctor.check(0, &["store    `cosell.db`", "the engine of process", "asleep: 1", "everything is in place"]);
    stage.cosell(&["backup", "copy.db"]).check(0, &["copied `cosell.db` to `copy.db`"]);
    stage.cosell(&["backup", "copy.db"]).check(2, &["`copy.db` exists already"]);
    assert_eq!(stage.wait_for_runs(&["--store", "copy.db"], 4), before);
    stage.cosell(&["backfill", "--since", "1h"]).check(1, &["no flow is started by something that can be asked"]);
    engine.kill();
    std::fs::remove_file(stage.path().join("cosell.db.key")).unwrap();
    stage.cosell(&["doctor"]).check(1, &["none is at work", "the key `cosell.db.key` cannot be read"]);
    std::fs::write(stage.path().join("cosell.db"), "no database at all, but longer than nothing").unwrap();
    stage.cosell(&["runs", "list"]).check(3, &["cosell.db"]);
}

/// One run at once, which hangs: the events behind it have no run yet.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_wait_are_listed_and_cancelled() {
    let stage = Stage::set(&[("one", DEAL), ("two", DEAL), ("three", DEAL)]).await;
    std::fs::create_dir(stage.path().join("pack/environments")).unwrap();
    std::fs::write(stage.path().join("pack/environments/local.yaml"), "engine: { at_once: 1 }\n").unwrap();
    for name in ["first", "deal"] {
        stage.service.set(name, Answer::Nothing);
    }
    let _engine = stage.engine();
    stage.wait_for_runs(&["--outcome", "running"], 1);
    let waiting = || -> Vec<Value> {
        let said = stage.cosell(&["runs", "list", "--waiting", "--json"]);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    wait_until(|| waiting().len() == 2);
    let event = format!("event/{}", waiting()[0]["id"]);
    let flow = waiting()[1]["flow"].as_str().unwrap().to_owned();
    stage.cosell(&["runs", "list", "--waiting"]).check(0, &[&event, &flow]);
    stage.cosell(&["runs", "list", "--waiting", "--most", "1"]).check(0, &["the oldest 1; `--most` shows more"]);
    stage.cosell(&["runs", "cancel", &event]).check(0, &["cancelled"]);
    assert_eq!(waiting().len(), 1);
    stage.cosell(&["runs", "cancel", &event]).check(1, &["event"]);
    for name in ["first", "deal"] {
        stage.service.set(name, Answer::Found);
    }
    stage.wait_for_runs(&["--outcome", "succeeded"], 2);
    stage.wait_for_runs(&["--outcome", "cancelled"], 1);
    stage.cosell(&["runs", "list", "--waiting"]).check(0, &["no event waits"]);
}

/// The pack that ships, on the sandbox, with a store that outlives it.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_asked_for_again() {
    let stage = Stage::set(&[]).await;
    let mut engine = stage.engine_with(&["run", "--sandbox", "--store", "sandbox.db"]);
    engine.says("runs are kept in sandbox.db");
    engine.says("Change an opportunity in the CRM");
    let store = ["--store", "sandbox.db"];
    stage.wait_for_runs(&[&["--outcome", "succeeded", "--flow", "create-co-sell-referral"], &store[..]].concat(), 1);
    let backfill = ["backfill", "--since", "1h", "--flow", "dynamics365-opportunity-to-partner-center"];
    stage
        .cosell(&[&backfill[..], &store].concat())
        .check(0, &["`dynamics365-opportunity-to-partner-center`: 1 change", "0 new"]);
    let about = stage.runs(&[&["--flow", "partner-center-to-dynamics365"], &store[..]].concat());
    let deal = about[0]["about"][0].as_str().unwrap().to_uppercase();
    for name in [&*deal, deal.trim_start_matches("DEAL/")] {
        assert!(!stage.runs(&[&["--about", name], &store[..]].concat()).is_empty(), "{name}");
    }
}

/// A host that serves names its store for every command.
#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_leaves_the_store_of_its_host_alone() {
    let stage = Stage::set(&[("sleeper", SLEEPER)]).await;
    let host = [("COSELL_STORE", "host.db")];
    // What is typed, and whether the store of the host is used.
    for (arguments, used) in [(&["run", "--sandbox"][..], false), (&["run", "--pack", "pack"], true)] {
        let mut engine = stage.engine_under(arguments, &host);
        assert_eq!(engine.says("stop it with Ctrl-C").contains("runs are kept in host.db"), used, "{arguments:?}");
        engine.kill();
        assert_eq!(stage.path().join("host.db").exists(), used, "{arguments:?}");
    }
}

/// The store is named on the command line, its key by the environment.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_where_the_environment_says() {
    let stage = failed_deals().await;
    std::fs::create_dir(stage.path().join("pack/environments")).unwrap();
    let local = stage.path().join("pack/environments/local.yaml");
    std::fs::write(&local, "engine: { store: { file: ../../kept.db, key: { file: ../../other.key } } }\n").unwrap();
    let _engine = stage.engine();
    stage.wait_for_runs(&["--outcome", "failed", "--store", "kept.db"], 3);
    let doctor = ["doctor", "--store", "kept.db", "--pack"];
    stage.cosell(&[&doctor[..], &["pack"]].concat()).check(0, &["other.key", "everything is in place"]);
    stage
        .cosell(&[&doctor[..], &["nowhere"]].concat())
        .check(1, &["the key `kept.db.key` cannot be read", "the pack does not open"]);
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "it did not come to that");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
