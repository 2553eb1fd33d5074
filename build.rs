//! The packs are built into the command: a changed pack is a changed command.

fn main() {
    println!("cargo:rerun-if-changed=flows");
}
