//! As much of JSON Schema as the schemas in `docs/schemas` use; a word it does not know fails the test.

use serde_json::Value;

/// Asserts that a value is as a schema says.
pub fn assert_fits(value: &Value, schema: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut wrong = Vec::new();
    check(value, &schema, &schema, "$", &mut wrong);
    assert!(wrong.is_empty(), "{}\nin {value:#}", wrong.join("\n"));
}

fn check(value: &Value, schema: &Value, root: &Value, path: &str, wrong: &mut Vec<String>) {
    for (word, argument) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let target = argument.as_str().unwrap().strip_prefix('#').unwrap();
                check(value, root.pointer(target).unwrap(), root, path, wrong);
            }
            "type" => {
                let types = argument.as_array().map_or(vec![argument], |types| types.iter().collect());
                if !types.iter().any(|name| is(value, name.as_str().unwrap())) {
                    wrong.push(format!("{path}: {value} is not {argument}"));
                }
            }
            "const" if value != argument => wrong.push(format!("{path}: {value} is not {argument}")),
            "enum" if !argument.as_array().unwrap().contains(value) => {
                wrong.push(format!("{path}: {value} is none of {argument}"));
            }
            "minimum" if value.as_f64() < argument.as_f64() => {
                wrong.push(format!("{path}: {value} < {argument}"))
            }
            "minItems" if value.as_array().unwrap().len() < argument.as_u64().unwrap() as usize => {
                wrong.push(format!("{path}: fewer than {argument}"));
            }
            "pattern" => assert_eq!(argument, "^[0-9a-f]{64}$", "the only pattern that is known"),
            "const" | "enum" | "minimum" | "minItems" => {}
            "required" => {
                for name in argument.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        wrong.push(format!("{path}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in argument.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(value, schema, root, &format!("{path}.{name}"), wrong);
                    }
                }
            }
            "additionalProperties" => {
                let Some(object) = value.as_object() else { continue };
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, value) in object {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    match argument {
                        Value::Bool(false) => wrong.push(format!("{path}.{name} is not in the schema")),
                        _ => check(value, argument, root, &format!("{path}.{name}"), wrong),
                    }
                }
            }
            "items" => {
                for (position, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(value, argument, root, &format!("{path}[{position}]"), wrong);
                }
            }
            "oneOf" => {
                let fitting = argument.as_array().unwrap().iter().filter(|schema| {
                    let mut wrong = Vec::new();
                    check(value, schema, root, path, &mut wrong);
                    wrong.is_empty()
                });
                if fitting.count() != 1 {
                    wrong.push(format!("{path}: {value} fits not exactly one of {argument}"));
                }
            }
            word => panic!("the schema says `{word}`, which this test does not understand"),
        }
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        name => panic!("the schema says `{name}`, which is no type"),
    }
}
