{# Margin after refunds, with the margin of the revenue whose goods' cost is known taken for all of it; NULL when that
   is less than a share of all, so that a missing cost is never 0. A double. #}
{% macro contribution(gross_revenue, net_revenue, costed_revenue, costed_margin, costed_share_min) -%}
    case
        when {{ gross_revenue }} = 0 then cast({{ net_revenue }} as double)
        when {{ costed_revenue }} > 0 and {{ costed_revenue }} >= {{ costed_share_min }} * {{ gross_revenue }}
            then
                cast({{ costed_margin }} as double) * cast({{ gross_revenue }} as double)
                / cast({{ costed_revenue }} as double)
                - cast({{ gross_revenue }} - {{ net_revenue }} as double)
    end
{%- endmacro %}
