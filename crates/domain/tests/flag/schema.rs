//! The schemas of a flag's types, conditions inside of conditions included.

use nexus_domain::flag::{Explanation, FlagDefinition, SampleShare};
use serde_json::json;
use utoipa::ToSchema;

fn schemas_of<T: ToSchema>() -> serde_json::Value {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    json!(schemas.into_iter().collect::<std::collections::BTreeMap<_, _>>())
}

#[test]
fn conditions_refer_to_themselves_and_percentages_are_numbers() {
    let schemas = schemas_of::<FlagDefinition>();
    let condition = &schemas["Condition"]["properties"];
    assert!(condition["all"].to_string().contains("#/components/schemas/Condition"), "{condition}");
    assert_eq!(schemas["Percentage"]["type"], "number");
    assert_eq!(schemas["Percentage"]["maximum"], 100);
    let explanation = schemas_of::<Explanation>();
    assert!(explanation["ConditionTrail"]["properties"]["parts"].to_string().contains("ConditionTrail"));
    assert!(schemas_of::<SampleShare>()["SampleShare"]["properties"]["variants"].is_object());
}
