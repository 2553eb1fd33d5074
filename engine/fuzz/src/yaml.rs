//! Any text as a flow, a mapping and a pack file: it is read, checked and planned, or its problems are printed.
//! Nothing may panic, and nothing may take long.

#![no_main]

use cosell_engine::connector::Connectors;
use cosell_engine::pack::PackFiles;
use indexmap::IndexMap;
use libfuzzer_sys::fuzz_target;

const PACK: &str = "pack: fuzz\nversion: 1.0.0\nparameters:\n  prefix: { value: new_ }\n";

fuzz_target!(|text: &str| {
    let connectors = Connectors::default();
    for name in ["flow.yaml", "pack.yaml"] {
        let mut files = IndexMap::from([("pack.yaml".to_owned(), PACK.to_owned())]);
        files.insert(name.to_owned(), text.to_owned());
        if let Err(problems) = PackFiles(files).check("", &IndexMap::new(), &connectors) {
            // What is wrong must be printable, with its line.
            problems.0.iter().take(3).for_each(|problem| drop(problem.render(false)));
        }
    }
});
