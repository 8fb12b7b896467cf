//! Every SQL text of the program, on every database.

use std::fs;
use std::path::Path;

use users_core::storage::sql::STATEMENTS;

use crate::support::everywhere;

#[tokio::test]
async fn every_statement_prepares_on_every_database() {
    everywhere(async |world| {
        for text in STATEMENTS {
            let prepared = world.app.store.db().prepare(text).await;
            prepared.unwrap_or_else(|error| panic!("{}: {text}\n{error}", world.database.name));
        }
    })
    .await;
}

#[test]
fn no_statement_escapes_the_register() {
    fn count(directory: &Path) -> usize {
        let entries = fs::read_dir(directory).expect("readable");
        entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| {
                if path.is_dir() {
                    return count(&path);
                }
                let text = fs::read_to_string(&path).expect("a source file");
                text.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .map(|line| line.matches("sql!(").count())
                    .sum()
            })
            .sum()
    }
    let written = count(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage"));
    assert!(written > 50);
    assert_eq!(
        STATEMENTS.len(),
        written,
        "each sql!(..) is registered once"
    );
}
