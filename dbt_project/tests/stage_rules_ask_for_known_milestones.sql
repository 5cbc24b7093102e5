-- A misspelt milestone would be reached by nobody.
with

milestones as (
    select distinct milestone
    from {{ ref('stage_milestones') }}
),

asked as (
    select
        rule_id,
        requires as names
    from {{ ref('stage_rules') }}
    where requires is not null
    union all
    select
        rule_id,
        unless as names
    from {{ ref('stage_rules') }}
    where unless is not null
)

select
    asked.rule_id,
    asked.names
from asked
left join milestones on ' ' || asked.names || ' ' like '% ' || milestones.milestone || ' %'
group by asked.rule_id, asked.names
having count(milestones.milestone) <> length(asked.names) - length(replace(asked.names, ' ', '')) + 1
