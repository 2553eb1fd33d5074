//! What is secure, and the key to it.

use std::fs;
use std::path::Path;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::Event;
use cosell_engine::store::{Fate, NewEvent, SqliteStore, Store, StoreError, Transition};

use super::{open, refused};
use crate::store::{event, finished, responded, run, started, transition};

/// What must be found nowhere, in whatever case of bytes.
const CANARY: &str = "canary-7f3a9c";

#[tokio::test]
async fn a_secret_is_in_no_file_while_its_run_lives_nor_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = open(&path);
    let secret = NewEvent { secure: true, body: CANARY.into(), ..event("f", "a") };
    store.accept(std::slice::from_ref(&secret), None).await.unwrap();
    refuse_canary(folder.path(), "while the event waits");
    let waiting = store.load().await.unwrap().waiting;
    assert_eq!(waiting[0].1, secret);

    let begins = with_secret(0, &started("f", 1));
    store.commit(&[Transition { fates: vec![(waiting[0].0, Fate::Started)], ..begins }]).await.unwrap();
    store.commit(&[with_secret(1, &responded(2))]).await.unwrap();
    refuse_canary(folder.path(), "while the run lives");
    drop(store);
    let store = open(&path);
    let whole = store.record(&run("r")).await.unwrap();
    assert_eq!(format!("{whole:?}").matches(CANARY).count(), 2);
    let seen = SqliteStore::attach(&path).unwrap().record(&run("r")).await.unwrap();
    assert_eq!(seen, [started("f", 1), responded(2)], "who is attached sees what people may see");

    let end = finished(Outcome::Succeeded, 3);
    store.commit(&[transition("r", 2, &[end.clone()])]).await.unwrap();
    assert_eq!(store.record(&run("r")).await.unwrap(), [started("f", 1), responded(2), end]);
    refuse_canary(folder.path(), "when it has ended");
    assert_eq!(store.check().await, Ok(vec![]));
    drop(store);
    refuse_canary(folder.path(), "when it is closed");
}

/// An event and the same with a secret in it, of which the first may be seen.
fn with_secret(after: u64, shown: &Event) -> Transition {
    let mut whole = shown.clone();
    match &mut whole {
        Event::RunStarted { trigger, .. } => *trigger = CANARY.into(),
        Event::Responded { answer, .. } => *answer = serde_json::Value::from(CANARY).into(),
        _ => {}
    }
    Transition { shown: Some(vec![shown.clone()]), ..transition("r", after, &[whole]) }
}

/// Neither the secret nor the key is in any other file than the key's.
fn refuse_canary(folder: &Path, when: &str) {
    let key = fs::read(folder.join("s.key")).unwrap();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!holds(CANARY.as_bytes()), "{when}: {}", path.display());
        assert!(path.ends_with("s.key") || !holds(&key), "{when}: {}", path.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_and_the_key_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = open(&path);
    store.accept(&[event("f", "a")], None).await.unwrap();
    for name in ["s", "s-wal", "s-shm", "s.key", "s.lock"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    drop(store);
    fs::set_permissions(folder.path().join("s.key"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(&path).contains("others may read it (mode 640); it must be 600"), "{}", refused(&path));
}

#[tokio::test]
async fn a_key_that_is_needed_must_be_there_and_be_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("s"), folder.path().join("s.key"));
    drop(open(&path));
    fs::remove_file(&key).unwrap();
    let store = open(&path);
    store.accept(&[NewEvent { secure: true, ..event("f", "a") }], None).await.unwrap();
    drop(store);
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    assert!(refused(&path).contains("is missing, and there are secure values that only it opens"));
    assert!(!key.exists(), "no other is made");
    let cases = [(&[0; 32][..], "its key is another one"), (&[0; 31][..], "failed to fill"), (&[0; 33][..], "longer")];
    for (bytes, expected) in cases {
        fs::remove_file(&key).ok();
        write_private(&key, bytes);
        let refused = match SqliteStore::open(&path, &cosell_engine::store::Options::default()) {
            Ok(store) => store.load().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(refused, StoreError::Broken(_)) && refused.to_string().contains(expected), "{refused}");
    }
    fs::remove_file(&key).unwrap();
    write_private(&key, &kept);
    assert_eq!(open(&path).load().await.unwrap().waiting.len(), 1);
}

fn write_private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
