//! `nexus init` where there is a tenant already.

use crate::database::Engine;
use crate::instance::Instance;

#[test]
fn a_script_that_wants_a_tenant_may_be_run_again() {
    let instance = Instance::new(Engine::Sqlite, "set_up").expect("an instance");
    // Nothing that is said is judged, and nothing is read.
    for args in [
        ["--tenant", "other", "--email", "owner@acme.test", "--password-stdin", "--json", "--if-missing"],
        ["--tenant", "No slug", "--email", "nobody", "--password-stdin", "--json", "--if-missing"],
    ] {
        let done = instance.init_again(&args);
        let said = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(done.status.success(), "{said:?}");
        assert_eq!(said[0], "");
    }
    let refused = instance.init_again(&["--tenant", "other", "--email", "owner@acme.test", "--json"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has a tenant already"));
}
