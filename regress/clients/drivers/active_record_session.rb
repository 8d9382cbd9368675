# ActiveRecord: migrations, queries, upserts, locking, the schema dumped, tables changed.
require 'active_record'
port, user, database = ARGV
ActiveRecord::Base.establish_connection(adapter: 'postgresql', host: '127.0.0.1', port: port.to_i, username: user, database: database)
ActiveRecord::Schema.verbose = false
ActiveSupport::Deprecation.silenced = true
c = ActiveRecord::Base.connection
ActiveRecord::Schema.define do
  enable_extension 'plpgsql'
  create_table :authors do |t|
    t.string :name, null: false, limit: 100, comment: 'who'
    t.timestamps
    t.index :name, unique: true
  end
  create_table :books, id: :uuid do |t|
    t.references :author, foreign_key: { on_delete: :cascade }
    t.text :title
    t.jsonb :meta, default: {}
    t.string :tags, array: true, default: []
    t.decimal :price, precision: 10, scale: 2
    t.daterange :shown
    t.inet :ip
    t.boolean :ok, default: true
    t.tsvector :words
    t.index %i[title price], order: { price: :desc }, where: 'ok'
    t.index 'lower(title)', name: 'lower_title'
    t.index :meta, using: :gin
    t.check_constraint 'price > 0', name: 'positive'
  end
end
class Author < ActiveRecord::Base; has_many :books; end
class Book < ActiveRecord::Base; belongs_to :author; end
ann = Author.create!(name: 'Ann')
book = ann.books.create!(title: 't1', meta: { k: [1, 2] }, tags: %w[x y], price: 3.5, shown: Date.new(2024, 1, 1)..Date.new(2024, 2, 1), ip: '10.0.0.1')
book.reload
p book.attributes.except('id', 'created_at', 'updated_at')
p Book.where('meta @> ?', { k: [1] }.to_json).count, Book.where(tags: %w[x y]).count, Book.joins(:author).group('authors.name').sum(:price)
begin
  Author.create!(name: 'Ann')
rescue ActiveRecord::RecordNotUnique => e
  puts e.message
end
Author.transaction do
  Author.create!(name: 'B')
  Author.transaction(requires_new: true) { Author.create!(name: 'C'); raise ActiveRecord::Rollback }
end
p Author.order(:name).pluck(:name)
Author.upsert_all(%w[Ann D].map { |n| { name: n, created_at: Time.at(0), updated_at: Time.at(0) } }, unique_by: :name)
p Author.count, Author.lock.order(:id).first.name, Author.where(name: %w[Ann D]).in_batches(of: 1).map(&:count)
p Book.first.update(price: 9), Author.find_by(name: 'D').destroy.name
require 'stringio'
dumped = StringIO.new
ActiveRecord::SchemaDumper.dump(c, dumped)
puts dumped.string.gsub(/version: .*/, '')
p c.tables.sort, c.indexes('books').map { |i| [i.name, i.columns, i.where, i.orders] }.sort_by(&:first)
p c.foreign_keys('books').map { |f| [f.column, f.on_delete] }, c.columns('books').map { |x| [x.name, x.sql_type, x.null, x.default] }
c.add_column :books, :pages, :integer, default: 0, null: false
c.rename_column :books, :pages, :leaves
c.change_column :books, :leaves, :bigint
c.change_column_null :books, :leaves, true
c.rename_table :books, :volumes
p c.columns('volumes').last.sql_type
puts Author.where(name: 'Ann').explain.lines.first
p c.select_value('SELECT pg_try_advisory_lock(1)'), c.extensions, c.index_exists?(:authors, :name), c.encoding
