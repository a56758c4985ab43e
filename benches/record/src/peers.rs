//! The other engines, each with its policy compiled and its inputs made beforehand.

use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, RestrictedExpression};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;

use crate::student::Student;

/// The outcomes, by position.
pub const OUTCOMES: [&str; 6] = ["promoted", "good_cause", "learner", "growth", "age", "retained"];

fn position(outcome: &str) -> usize {
    OUTCOMES
        .iter()
        .position(|known| *known == outcome)
        .unwrap_or_else(|| panic!("no outcome is called {outcome}"))
}

fn json(student: &Student) -> String {
    let courses: Vec<String> = student
        .courses
        .iter()
        .map(|course| {
            format!(
                r#"{{"core":{},"completed":{},"credit":{},"mastery":{}}}"#,
                course.core, course.completed, course.credit, course.mastery
            )
        })
        .collect();
    format!(
        r#"{{"grade":{},"special_education":{},"english_learner":{},"years_learning":{},"retentions":{},"days_enrolled":{},"days_absent":{},"courses":[{}]}}"#,
        student.grade,
        student.special_education,
        student.english_learner,
        student.years_learning,
        student.retentions,
        student.days_enrolled,
        student.days_absent,
        courses.join(",")
    )
}

/// Rego by regorus: its virtual machine, and its interpreter.
pub struct Rego {
    machine: RegoVM,
    engine: regorus::Engine,
    inputs: Vec<regorus::Value>,
}

impl Rego {
    pub fn new(students: &[Student]) -> Self {
        let mut engine = regorus::Engine::new();
        engine
            .add_policy("promotion.rego".to_owned(), include_str!("../promotion.rego").to_owned())
            .expect("a policy");
        let rule: regorus::Rc<str> = "data.promotion.outcome".into();
        let compiled = engine.compile_with_entrypoint(&rule).expect("a compiled policy");
        let program =
            Compiler::compile_from_policy(&compiled, &["data.promotion.outcome"]).expect("a program");
        let mut machine = RegoVM::new_with_policy(compiled);
        machine.load_program(program);
        let inputs =
            students.iter().map(|student| regorus::Value::from_json_str(&json(student)).expect("an input"));
        Self { machine, engine, inputs: inputs.collect() }
    }

    fn outcome(value: &regorus::Value) -> usize {
        position(value.as_string().expect("a text"))
    }

    pub fn decide(&mut self, at: usize) -> usize {
        self.machine.set_input(self.inputs[at].clone());
        Self::outcome(&self.machine.execute().expect("a result"))
    }

    pub fn interpret(&mut self, at: usize) -> usize {
        self.engine.set_input(self.inputs[at].clone());
        Self::outcome(&self.engine.eval_rule("data.promotion.outcome".to_owned()).expect("a result"))
    }
}

/// Cedar.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    pub fn new(students: &[Student]) -> Self {
        let text: PolicySet = include_str!("../promotion.cedar").parse().expect("policies");
        let mut policies = PolicySet::new();
        for policy in text.policies() {
            let id = policy.annotation("id").expect("an id").parse().expect("an id");
            policies.add(policy.new_id(id)).expect("an id of its own");
        }
        let who = |text: &str| text.parse::<EntityUid>().expect("an entity");
        let requests = students.iter().map(|student| {
            let long = RestrictedExpression::new_long;
            let flag = RestrictedExpression::new_bool;
            let pairs = [
                ("core_mastered", flag(student.core_mastered())),
                ("credits", long(student.credits())),
                ("grade", long(student.grade)),
                ("special_education", flag(student.special_education)),
                ("english_learner", flag(student.english_learner)),
                ("years_learning", long(student.years_learning)),
                ("retentions", long(student.retentions)),
                ("days_enrolled", long(student.days_enrolled)),
                ("days_absent", long(student.days_absent)),
            ];
            let context =
                Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).expect("a context");
            let (principal, action, resource) = (r#"S::"s""#, r#"A::"a""#, r#"R::"r""#);
            Request::new(who(principal), who(action), who(resource), context, None).expect("a request")
        });
        let requests = requests.collect();
        Self { authorizer: Authorizer::new(), policies, entities: Entities::empty(), requests }
    }

    pub fn decide(&self, at: usize) -> usize {
        let response = self.authorizer.is_authorized(&self.requests[at], &self.policies, &self.entities);
        assert!(response.diagnostics().errors().next().is_none());
        let held = response.diagnostics().reason().map(|id| {
            let id: &str = id.as_ref();
            id.parse::<usize>().expect("a number")
        });
        held.min().unwrap_or(5)
    }
}

/// CEL by `cel`, the fork that lives on.
pub struct Cel {
    program: cel::Program,
    contexts: Vec<cel::Context<'static, 'static>>,
}

impl Cel {
    pub fn new(students: &[Student]) -> Self {
        let env = Arc::new(cel::Env::stdlib());
        let program = env.compile(include_str!("../promotion.cel")).expect("a program");
        let contexts = students.iter().map(|student| {
            let mut context = cel::Context::with_env(Arc::clone(&env));
            context
                .add_function("sum", |list: Arc<Vec<cel::Value>>| -> i64 {
                    list.iter().map(|value| if let cel::Value::Int(n) = value { *n } else { 0 }).sum()
                })
                .expect("a function");
            for (name, value) in [
                ("grade", student.grade),
                ("years_learning", student.years_learning),
                ("retentions", student.retentions),
                ("days_enrolled", student.days_enrolled),
                ("days_absent", student.days_absent),
            ] {
                context.add_variable_from_value(name, value);
            }
            context.add_variable_from_value("special_education", student.special_education);
            context.add_variable_from_value("english_learner", student.english_learner);
            let courses: Vec<cel::Value> = student
                .courses
                .iter()
                .map(|course| {
                    let pairs: [(&str, cel::Value); 4] = [
                        ("core", course.core.into()),
                        ("completed", course.completed.into()),
                        ("credit", course.credit.into()),
                        ("mastery", course.mastery.into()),
                    ];
                    std::collections::HashMap::from(pairs).into()
                })
                .collect();
            context.add_variable_from_value("courses", courses);
            context
        });
        let contexts = contexts.collect();
        Self { program, contexts }
    }

    pub fn decide(&self, at: usize) -> usize {
        match self.program.execute(&self.contexts[at]) {
            Ok(cel::Value::String(outcome)) => position(&outcome),
            other => panic!("no outcome: {other:?}"),
        }
    }
}
