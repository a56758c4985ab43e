-- The policy of statewide.rubric, written by hand. Views: students, enrollments, assessments, courses, grade_levels.
WITH of_enrollments AS (
  SELECT e.student_id,
    SUM(CASE WHEN e.completed AND e.mastery >= 80 THEN e.credit ELSE 0 END) AS credits_earned,
    COUNT(*) FILTER (e.completed AND e.mastery >= 80) AS courses_mastered,
    COUNT(*) FILTER (c.core) AS core_all,
    COUNT(*) FILTER (c.core AND e.mastery < 80) AS core_below,
    COUNT(*) FILTER (c.core AND e.mastery IS NULL) AS core_unknown,
    SUM(CASE WHEN e.completed THEN c.fraction * (CASE WHEN e.online THEN 0.75::DECIMAL(3,2) ELSE 1.00::DECIMAL(3,2) END)
        ELSE 0 END) AS fraction
  FROM enrollments e JOIN courses c USING (course_code) GROUP BY e.student_id
), of_assessments AS (
  SELECT student_id,
    MAX(score) FILTER (subject = 'ela' AND kind = 'pre') AS ela_before,
    MAX(score) FILTER (subject = 'ela' AND kind = 'post') AS ela_after,
    MAX(score) FILTER (subject = 'math' AND kind = 'pre') AS math_before,
    MAX(score) FILTER (subject = 'math' AND kind = 'post') AS math_after,
    MAX(score) FILTER (subject = 'science' AND kind = 'pre') AS science_before,
    MAX(score) FILTER (subject = 'science' AND kind = 'post') AS science_after
  FROM assessments WHERE test_date BETWEEN DATE '2025-08-01' AND DATE '2026-06-15' GROUP BY student_id
), joined AS (
  SELECT s.student_id, s.district, s.grade, s.low_income, s.special_education, s.english_learner, s.years_learning,
    s.retentions, COALESCE(e.credits_earned, 0)::DECIMAL(9,2) AS credits_earned,
    COALESCE(e.courses_mastered, 0)::INT AS courses_mastered,
    CASE WHEN COALESCE(core_all, 0) = 0 OR core_below > 0 THEN FALSE WHEN core_unknown > 0 THEN NULL ELSE TRUE END
      AS core_mastered,
    LEAST(COALESCE(e.fraction, 0), 1)::DECIMAL(9,6) AS fte,
    ela_before, ela_after, math_before, math_after, science_before, science_after,
    ela_after - ela_before AS ela_gain, math_after - math_before AS math_gain,
    science_after - science_before AS science_gain,
    ela_after >= g.reading_cut AS reads, s.days_absent * 10 > s.days_enrolled AS chronically_absent,
    (((20000 * (s.days_enrolled - s.days_absent) + s.days_enrolled) // (2 * s.days_enrolled)) / 10000)::DECIMAL(9,4)
      AS attendance,
    g.base_amount
  FROM students s JOIN grade_levels g USING (grade)
  LEFT JOIN of_enrollments e USING (student_id) LEFT JOIN of_assessments a USING (student_id)
), grown AS (
  SELECT *, ela_gain + math_gain AS total_gain,
    NOT chronically_absent AND ela_gain >= 20 AND math_gain >= 20 AS grew FROM joined
), ranked AS (
  SELECT student_id,
    4 * (RANK() OVER (PARTITION BY district, COALESCE(low_income, FALSE) ORDER BY total_gain DESC) - 1)
      < COUNT(*) OVER (PARTITION BY district, COALESCE(low_income, FALSE)) AS top_quarter
  FROM grown WHERE total_gain IS NOT NULL
)
SELECT student_id, district, credits_earned, courses_mastered, core_mastered, fte, ela_before, ela_after, math_before,
  math_after, science_before, science_after, ela_gain, math_gain, science_gain, total_gain, grew, reads,
  chronically_absent, attendance, COALESCE(top_quarter, FALSE) AS top_quarter,
  CASE WHEN core_mastered AND reads AND credits_earned >= (CASE WHEN grade >= 9 THEN 3 ELSE 1 END) THEN 'promoted'
    WHEN special_education AND retentions >= 1 THEN 'promoted_for_good_cause'
    WHEN english_learner AND years_learning < 2 THEN 'promoted_as_learner'
    WHEN grew THEN 'promoted_by_growth'
    WHEN retentions >= 2 THEN 'promoted_by_age' ELSE 'retained' END AS promotion,
  ROUND(fte * base_amount, 2)::DECIMAL(12,2) AS base, (courses_mastered * 112.35::DECIMAL(6,2))::DECIMAL(12,2) AS mastery,
  (CASE WHEN top_quarter THEN 250 ELSE 0 END)::DECIMAL(12,2) AS growth
FROM grown LEFT JOIN ranked USING (student_id)
