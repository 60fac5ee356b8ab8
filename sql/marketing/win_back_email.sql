-- The e-mails of the win-back campaign, one a person of its audience, ready to send.
--
-- A variable that marketing.win_back does not have is an error that names it, so that nobody gets
-- a letter with a hole in it; names are made safe for HTML.
CREATE VIEW marketing.win_back_email AS
SELECT
    customer_id,
    email,
    render_template(
        '{{ given_name or "Hello" }}, we have missed you',
        named_struct('given_name', given_name),
        'text'
    ) AS subject,
    render_template(
        '<p>Dear {{ given_name or "customer" }},</p>
<p>it has been {{ recency_days }} days since you last ordered.
{%- if revenue_eur >= 500 %} As one of our best customers you get 15 % off your next order.
{%- else %} Come back, and the next delivery is on us.
{%- endif %}</p>
{%- if device == "phone" %}
<p>Tap below, and your basket is where you left it.</p>
{%- endif %}',
        named_struct('given_name', given_name, 'recency_days', recency_days,
                     'revenue_eur', revenue_eur, 'device', device)
    ) AS body_html
FROM marketing.win_back;
