package promotion

import rego.v1

mastered := [course | some course in input.courses; course.completed; course.mastery >= 80]

credits := sum([course.credit | some course in mastered])

needed := 3 if input.grade >= 9 else := 1

core_mastered if {
	some course in input.courses
	course.core
	not core_missed
}

core_missed if {
	some course in input.courses
	course.core
	course.mastery < 80
}

outcome := "promoted" if {
	core_mastered
	credits >= needed
} else := "good_cause" if {
	input.special_education
	input.retentions >= 1
} else := "learner" if {
	input.english_learner
	input.years_learning < 2
} else := "growth" if {
	(input.days_enrolled - input.days_absent) / input.days_enrolled >= 0.9
	credits > 0
} else := "age" if {
	input.retentions >= 2
} else := "retained"
